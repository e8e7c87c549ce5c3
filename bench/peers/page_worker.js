// One peer in a worker of the page. Requests and answers are those of worker.mjs, but arrays come back in the answer, as base64.
// It is no module: what some peers load are scripts.

let peer, loaded;

async function read(name) {
  const answer = await fetch(`/case/${name}`);
  if (!answer.ok) throw new Error(`${name}: the server answered ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

function encoded({ shape, data }) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return { shape, data: btoa(text) };
}

// What `imported` times begins where the peer's runtime, if it has one, is ready.
async function start({ file, variant, threads }) {
  peer = await import(`./${file}`);
  await peer.prepare?.();
  const begun = performance.now();
  const version = await peer.load(variant);
  const settingUp = performance.now();
  await peer.setUp(variant, threads);
  return { version, imported: (settingUp - begun) / 1000, set_up: (performance.now() - settingUp) / 1000 };
}

const methods = {
  start,
  async load({ again }) {
    const { LONG, Loaded } = await import('./loaded.mjs');
    loaded = await Loaded.open(peer, read);
    const long = loaded.first >= LONG;
    if (!long && again) await loaded.warmUp();
    const outputs = loaded.outputs.map((arrays) => arrays.map(encoded));
    return { first: loaded.first / 1000, long, outputs, note: (await peer.note?.()) ?? '' };
  },
  run: async () => ({ times: await loaded.batch() }),
};

onmessage = async ({ data }) => {
  try {
    postMessage(await methods[data.do](data));
  } catch (error) {
    postMessage({ error: `${error}`.trim().slice(-300) });
  }
};
