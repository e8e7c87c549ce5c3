// TensorWeb's WebAssembly kernels in Node: what wasm_recording.py wrote is run again, call by call, without Python.

import { setFlagsFromString } from 'node:v8';

let variant, memory;

export function setUp(name, threads) {
  if (threads !== 1) throw new Error('recordings are of one thread');
  if (name === 'relaxed') setFlagsFromString('--experimental-wasm-relaxed-simd');  // newer versions have it without
  variant = name;
}

export const arrays = (results) => results.map(({ address, shape }) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, data: new Float32Array(memory.buffer, address, count).slice() };
});

export function build(about, given, read) {
  const content = (ending) => read(`${variant}${ending}`);
  const recording = JSON.parse(new TextDecoder().decode(content('.json')));
  memory = new WebAssembly.Memory({ initial: recording.pages, maximum: 65536, shared: true });
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(content('.memory'));
  const scratch = new WebAssembly.Global({ value: 'i32', mutable: false }, recording.scratch);
  const kernels = Array.from({ length: recording.kernels }, (_, i) => {
    const module = new WebAssembly.Module(content(`-${i}.wasm`));
    return new WebAssembly.Instance(module, { env: { memory, scratch } }).exports.kernel;
  });
  const calls = recording.calls.map(({ kernel, dynamic, units }) => ({ run: kernels[kernel], dynamic: Uint8Array.from(dynamic), units }));
  return () => {
    for (const { run, dynamic, units } of calls) {
      bytes.set(dynamic, recording.dynamic);
      run(recording.dynamic, 0, units);
    }
    return recording.results;
  };
}
