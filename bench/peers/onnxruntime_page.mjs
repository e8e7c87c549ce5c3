// onnxruntime-web in a worker of a page, on its WebAssembly backend.

import * as runs from './onnxruntime_runs.mjs';

const FOLDER = '/npm/onnxruntime-web/dist/';

export function load() {
  importScripts(`${FOLDER}ort.wasm.min.js`);
  return ort.env.versions.web;
}

export function setUp(variant, threads) {
  Object.assign(ort.env.wasm, { numThreads: threads, wasmPaths: new URL(FOLDER, location.href).href });
}

export const arrays = runs.arrays;

export const build = (about, given, read) => runs.build(ort, given, read);
