// TensorFlow.js in Node on its plain JavaScript and its WebAssembly backend. The formulas are those of bench/workloads.py.

import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');

export async function setUp(variant, threads) {
  tf.env().set('IS_NODE', true);
  if (variant === 'wasm') {
    const wasm = require('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep);
    wasm.setThreadsCount(threads);
  }
  if (!(await tf.setBackend(variant))) throw new Error(`the backend ${variant} cannot be set up`);
  await tf.ready();
}

export const arrays = (value) => [{ shape: value.shape, data: value.dataSync() }];

function gelu(x) {
  const inner = tf.mul(0.7978845608028654, tf.add(x, tf.mul(0.044715, tf.mul(x, tf.mul(x, x)))));
  return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
}

const conv = (x, filter, bias, strides, activation) => tf.fused.conv2d({ x, filter, strides, pad: 'same', bias, activation });
const depthwise = (x, filter, bias, strides, activation) => tf.fused.depthwiseConv2d({ x, filter, strides, pad: 'same', bias, activation });

const STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];  // of MobileNet's blocks

function mobilenet(v) {
  let x = conv(v.x, v['0.kernel'], v['0.bias'], 2, 'relu6');
  STRIDES.forEach((stride, block) => {
    const i = block + 1;
    x = depthwise(x, v[`${i}.depthwise`], v[`${i}.depthwise_bias`], stride, 'relu6');
    x = conv(x, v[`${i}.kernel`], v[`${i}.bias`], 1, 'relu6');
  });
  return tf.softmax(tf.fused.matMul({ a: tf.mean(x, [1, 2]), b: v['top.kernel'], bias: v['top.bias'] }));
}

const WORKLOADS = {
  add: (v) => tf.add(...Object.values(v)),
  matmul: (v) => tf.matMul(...Object.values(v)),
  gelu: (v) => gelu(v.x),
  conv: (v, { stride }) => (v['w.kernel'] ? conv(v.x, v['w.kernel'], undefined, stride) : depthwise(v.x, v['w.depthwise'], undefined, stride)),
  mobilenet,
};

export function build({ workload, options }, given) {
  const values = Object.fromEntries(Object.entries(given).map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]));
  let last;
  return () => {
    last?.dispose();
    last = tf.tidy(() => WORKLOADS[workload](values, options));
    return last;
  };
}
