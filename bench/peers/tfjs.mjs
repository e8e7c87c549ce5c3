// TensorFlow.js in Node on its plain JavaScript and its WebAssembly backend.

import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import * as workloads from './tfjs_workloads.mjs';

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

export const build = (about, given) => workloads.build(tf, about, given);
