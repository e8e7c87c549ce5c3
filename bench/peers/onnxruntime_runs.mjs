// Runs of ONNX Runtime's JavaScript, in Node and in a page: `ort` is the package.

// Images lie channels first here, and last in the cases.
function moved({ shape, data }, order) {
  const [, a, b, c] = order.map((axis) => shape[axis]);
  const strides = [0, shape[2] * shape[3], shape[3], 1];
  const [, p, q, r] = order.map((axis) => strides[axis]);
  const out = new Float32Array(data.length);
  for (let i = 0, n = 0; i < a; i++) for (let j = 0; j < b; j++) for (let k = 0; k < c; k++) out[n++] = data[i * p + j * q + k * r];
  return { shape: order.map((axis) => shape[axis]), data: out };
}

export function arrays(outputs) {
  return Object.values(outputs).map(({ dims, data }) => {
    const array = { shape: [...dims], data };
    return dims.length === 4 ? moved(array, [0, 2, 3, 1]) : array;
  });
}

export async function build(ort, given, read) {
  const session = await ort.InferenceSession.create(await read('model.onnx'));
  const feeds = {};
  for (const [name, array] of Object.entries(given)) {
    if (name.includes('.')) continue;
    const { shape, data } = array.shape.length === 4 ? moved(array, [0, 3, 1, 2]) : array;
    feeds[name] = new ort.Tensor('float32', data, shape);
  }
  return () => session.run(feeds);
}
