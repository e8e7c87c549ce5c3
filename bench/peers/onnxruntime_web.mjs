// onnxruntime-web in Node, on its WebAssembly backend.

import * as ort from 'onnxruntime-web';
import * as runs from './onnxruntime_runs.mjs';

export function setUp(variant, threads) {
  ort.env.wasm.numThreads = threads;
}

export const arrays = runs.arrays;

export const build = (about, given, read) => runs.build(ort, given, read);
