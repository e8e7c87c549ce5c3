// Writes tests/data/tfjs_weights.json: weights as @tensorflow/tfjs encodes and decodes them.
// Run: node tests/formats/generate_tfjs.mjs <folder with node_modules/@tensorflow/tfjs> tests/data/tfjs_weights.json
import {createRequire} from 'node:module';
import {writeFileSync} from 'node:fs';
import {resolve} from 'node:path';

const require = createRequire(resolve(process.argv[2]) + '/');
const tf = require('@tensorflow/tfjs');
await tf.setBackend('cpu');

const base64 = (buffer) => Buffer.from(buffer).toString('base64');
const plain = (values) => Array.from(values, (v) => typeof v === 'number' && !Number.isFinite(v) ? String(v) : v);

const sets = {
  numbers: {
    kernel: tf.tensor2d([[1.5, -2.25, 3e-8], [-0.0, 65504, -1e30]]),
    steps: tf.tensor1d([0, -1, 2147483647, -2147483648], 'int32'),
    mask: tf.tensor1d([true, false, true], 'bool'),
    scalar: tf.scalar(7, 'int32'),
    empty: tf.zeros([0, 3]),
    special: tf.tensor1d([NaN, Infinity, -Infinity]),
    deep: tf.tensor([1, 2, 3, 4, 5, 6], [1, 2, 1, 3]),
  },
  strings: {
    words: tf.tensor1d(['', 'a', 'häß', '😀', 'line\nbreak'], 'string'),
    text: tf.scalar('one', 'string'),
    after: tf.tensor1d([1.25]),
  },
  complex: {c: tf.complex(tf.tensor2d([[1, -2], [0.5, 0]]), tf.tensor2d([[3, 4], [-0.25, 1]]))},
};

const encoded = {};
for (const [name, tensors] of Object.entries(sets)) {
  const {data, specs} = await tf.io.encodeWeights(tensors, name === 'complex' ? 'group' : undefined);
  const values = {};
  for (const [key, t] of Object.entries(tensors)) values[key] = plain(await t.data());
  encoded[name] = {data: base64(data), specs, values};
}

// Quantised weights, as the converter writes them, decoded by TensorFlow.js.
const bytes = Uint8Array.from({length: 256}, (_, i) => i);
const words = Uint16Array.from([0, 1, 2, 255, 256, 1000, 32767, 32768, 40000, 65534, 65535]);
const halves = Uint16Array.from(
    [0, 1, 0x3ff, 0x400, 0x3555, 0x3c00, 0x7bff, 0x7c00, 0x8000, 0x8001, 0xbc00, 0xfbff, 0xfc00, 0x7e00]);
const quantised = [];
for (const [buffer, dtype, quantization] of [
  [bytes, 'float32', {dtype: 'uint8', scale: 0.1, min: -12.8}],
  [bytes, 'float32', {dtype: 'uint8', scale: 1 / 3, min: 1e-3}],
  [bytes, 'float32', {dtype: 'uint8', scale: 1e37, min: -1e39}],
  [bytes, 'int32', {dtype: 'uint8', scale: 0.5, min: -64.25}],
  [bytes, 'int32', {dtype: 'uint8', scale: 1, min: -3}],
  [words, 'float32', {dtype: 'uint16', scale: 0.00012345678901234567, min: -4.000000123}],
  [words, 'int32', {dtype: 'uint16', scale: 2.5, min: -1000.5}],
  [halves, 'float32', {dtype: 'float16', original_dtype: 'float32'}],
]) {
  const spec = {name: 'x', shape: [buffer.length], dtype, quantization};
  const view = buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
  const decoded = tf.io.decodeWeights(view, [spec]);
  quantised.push({data: base64(view), spec, values: base64((await decoded.x.data()).buffer)});
}

// A whole model, as its save handler gets it.
const model = tf.sequential({layers: [
  tf.layers.dense({units: 2, inputShape: [3], kernelInitializer: 'ones', name: 'first'}),
  tf.layers.dense({units: 1, kernelInitializer: 'ones', useBias: false, name: 'second'}),
]});
let saved;
await model.save(tf.io.withSaveHandler(async (artifacts) => {
  saved = artifacts;
  return {modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts)};
}));
const {dateSaved, ...info} = tf.io.getModelArtifactsInfoForJSON(saved);
const artifacts = {...saved, weightData: base64(tf.io.CompositeArrayBuffer.join(saved.weightData))};

writeFileSync(process.argv[3], JSON.stringify({version: tf.version.tfjs, encoded, quantised, artifacts, info}) + '\n');
