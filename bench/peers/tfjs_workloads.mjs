// The workloads in TensorFlow.js, in Node and in a page. The formulas are those of bench/workloads.py, and of Keras's for training.

const STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];  // of MobileNet's blocks

// The workloads by name: functions of values and options that return the function to be called, which returns a tensor.
function builders(tf) {
  const conv = (x, filter, bias, strides, activation) => tf.fused.conv2d({ x, filter, strides, pad: 'same', bias, activation });
  const depthwise = (x, filter, bias, strides, activation) => tf.fused.depthwiseConv2d({ x, filter, strides, pad: 'same', bias, activation });

  function gelu(x) {
    const inner = tf.mul(0.7978845608028654, tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x)))));
    return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
  }

  function mobilenet(v) {
    let x = conv(v.x, v['0.kernel'], v['0.bias'], 2, 'relu6');
    STRIDES.forEach((stride, block) => {
      const i = block + 1;
      x = depthwise(x, v[`${i}.depthwise`], v[`${i}.depthwise_bias`], stride, 'relu6');
      x = conv(x, v[`${i}.kernel`], v[`${i}.bias`], 1, 'relu6');
    });
    return tf.softmax(tf.fused.matMul({ a: tf.mean(x, [1, 2]), b: v['top.kernel'], bias: v['top.bias'] }));
  }

  function trainMnist(v) {
    const weights = Object.keys(v).filter((name) => name.includes('.')).map((name) => tf.variable(v[name]));
    const [kernel1, bias1, kernel2, bias2, dense1, bias3, dense2, bias4] = weights;
    const optimizer = tf.train.adam(0.001);
    const labels = tf.oneHot(v.labels, 10);
    const convolved = (x, filter, bias) => tf.fused.conv2d({ x, filter, strides: 1, pad: 'valid', bias, activation: 'relu' });
    const loss = () => {
      const x = tf.maxPool(convolved(convolved(v.x, kernel1, bias1), kernel2, bias2), 2, 2, 'valid');
      const hidden = tf.fused.matMul({ a: x.reshape([x.shape[0], -1]), b: dense1, bias: bias3, activation: 'relu' });
      return tf.losses.softmaxCrossEntropy(labels, tf.fused.matMul({ a: hidden, b: dense2, bias: bias4 }));
    };
    return () => optimizer.minimize(loss, true, weights);
  }

  const called = (formula) => (v, options) => () => tf.tidy(() => formula(v, options));
  return {
    add: called((v) => tf.add(...Object.values(v))),
    matmul: called((v) => tf.matMul(...Object.values(v))),
    gelu: called((v) => gelu(v.x)),
    conv: called((v, { stride }) => (v['w.kernel'] ? conv(v.x, v['w.kernel'], undefined, stride) : depthwise(v.x, v['w.depthwise'], undefined, stride))),
    mobilenet: called(mobilenet),
    train_mnist: trainMnist,
  };
}

export function build(tf, { workload, options }, given) {
  const values = Object.fromEntries(Object.entries(given).map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]));
  const call = builders(tf)[workload](values, options);
  let last;
  return () => {
    last?.dispose();
    last = call();
    return last;
  };
}
