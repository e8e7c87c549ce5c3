// What TensorFlow.js in Node says of real graph models, for test_real_models.py:
//   node tests/graph/generate_tfjs_models.mjs > tests/data/graph_models.json
// The models are those of the npm packages in package.json here. Inputs come from a linear congruence; of an output the shape, the largest
// |value| and at most 200 values at even distances are kept.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as tf from "../node_modules/@tensorflow/tfjs/dist/tf.node.js";

const HUMAN = "@vladmandic/human/models/";
const HANDS = "handtrackjs/models/webmodel/ssd320fpnlite/";
const image = (size, low = 0, high = 1, dtype = "float32") => [{ shape: [1, size, size, 3], low, high, dtype }];
const MODELS = {
  "@spotify/basic-pitch/model/model.json": [{ shape: [1, 43844, 1], low: -1, high: 1, dtype: "float32" }],
  [HUMAN + "antispoof.json"]: image(128),
  [HUMAN + "blazeface.json"]: image(256, -1, 1),
  [HUMAN + "emotion.json"]: [{ shape: [1, 64, 64, 1], low: -1, high: 1, dtype: "float32" }],
  [HUMAN + "facemesh.json"]: image(192),
  [HUMAN + "faceres.json"]: image(224, 0, 255),
  [HUMAN + "handlandmark-lite.json"]: image(224),
  [HUMAN + "iris.json"]: image(64),
  [HUMAN + "liveness.json"]: image(32),
  [HUMAN + "movenet-lightning.json"]: image(192, 0, 255, "int32"),
  [HUMAN + "centernet.json"]: image(512, 0, 255),
  [HUMAN + "handtrack.json"]: image(320, 0, 255, "int32"),
  [HANDS + "base/model.json"]: image(320, 0, 255, "int32"),
  [HANDS + "fp16/model.json"]: image(320, 0, 255, "int32"),
  [HANDS + "int8/model.json"]: image(320, 0, 255, "int32"),
};

const UPSCALERS = ["default-model/models", ...[2, 3, 4, 8].map((by) => `esrgan-slim/models/x${by}`)]; // layers models
for (const name of UPSCALERS) MODELS[`@upscalerjs/${name}/model.json`] = image(12);

function numbers({ shape, low, high, dtype }) {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  let state = 1;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    values[i] = low + ((state >>> 8) / 2 ** 24) * (high - low);
    if (dtype === "int32") values[i] = Math.floor(values[i]);
  }
  return tf.tensor(values, shape, dtype);
}

function told(tensor) {
  const values = Array.from(tensor.dataSync());
  const step = Math.max(1, Math.floor(values.length / 200));
  const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return { shape: tensor.shape, dtype: tensor.dtype, step, largest, values: values.filter((_, i) => i % step === 0).map((v) => Number(Math.fround(v).toPrecision(8))) };
}

const folder = join(import.meta.dirname, "node_modules"), found = {};
await tf.setBackend("cpu");
for (const [name, inputs] of Object.entries(MODELS)) {
  const path = join(folder, name), json = JSON.parse(readFileSync(path, "utf8"));
  const specs = json.weightsManifest.flatMap((group) => group.weights);
  const bytes = Buffer.concat(json.weightsManifest.flatMap((group) => group.paths.map((p) => readFileSync(join(dirname(path), p)))));
  const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const artifacts = { modelTopology: json.modelTopology, weightSpecs: specs, weightData: data, signature: json.signature, userDefinedMetadata: json.userDefinedMetadata };
  const start = Date.now();
  const given = inputs.map(numbers);
  if (json.format === "layers-model") {
    const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    found[name] = { inputs, outputs: { output: told(model.predict(given[0])) } };
    continue;
  }
  const model = await tf.loadGraphModel(tf.io.fromMemory(artifacts));
  const taken = Object.fromEntries(model.inputs.map((input, i) => [input.name, given[i]]));
  const outputs = [await model.executeAsync(taken, model.outputNodes)].flat();
  found[name] = { inputs, outputs: Object.fromEntries(model.outputNodes.map((n, i) => [n, told(outputs[i])])) };
  console.error(name, Date.now() - start, "ms", JSON.stringify(model.inputs.map((i) => [i.name, i.shape, i.dtype])));
}
console.log(JSON.stringify(found));
