// TensorFlow.js in a worker of a page, on WebAssembly, WebGL or WebGPU.

import * as workloads from './tfjs_workloads.mjs';

const FOLDER = '/npm/@tensorflow';

export function load(variant) {
  importScripts(`${FOLDER}/tfjs/dist/tf.min.js`);
  if (variant !== 'webgl') importScripts(`${FOLDER}/tfjs-backend-${variant}/dist/tf-backend-${variant}.min.js`);
  return tf.version.tfjs;
}

export async function setUp(variant, threads) {
  if (variant === 'wasm') {
    tf.wasm.setWasmPaths(`${FOLDER}/tfjs-backend-wasm/dist/`);
    tf.wasm.setThreadsCount(threads);
  }
  if (!(await tf.setBackend(variant))) throw new Error(`the backend ${variant} cannot be set up`);
  await tf.ready();
}

export const wait = (value) => value.data();

export const arrays = async (value) => [{ shape: value.shape, data: await value.data() }];

export const build = (about, given) => workloads.build(tf, about, given);
