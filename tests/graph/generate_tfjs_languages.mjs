// What TensorFlow.js 3.21 says of the language of texts, by @vscode/vscode-languagedetection's model, for test_real_models.py:
//   npm install @tensorflow/tfjs@3.21.0 (in another folder), then there
//   node generate_tfjs_languages.mjs MODEL_FOLDER TEXTS.json > tests/data/graph_languages.json
// TensorFlow.js 4.22 fails on this model. TEXTS.json is the list of the texts in the stored file.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";

const [folder, texts] = process.argv.slice(2), found = [];
await tf.setBackend("cpu");
const json = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
const bytes = Buffer.concat(json.weightsManifest.flatMap((group) => group.paths.map((path) => readFileSync(join(folder, path)))));
const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
const model = await tf.loadGraphModel(tf.io.fromMemory({ ...json, weightSpecs: json.weightsManifest.flatMap((group) => group.weights), weightData }));
for (const text of JSON.parse(readFileSync(texts, "utf8"))) {
  const [scores, classes] = await model.executeAsync({ Placeholder: tf.tensor([text], [1], "string") }, model.outputNodes);
  found.push({ text, scores: Array.from(scores.dataSync()).map((v) => Number(v.toPrecision(8))), classes: Array.from(classes.dataSync()) });
}
console.log(JSON.stringify(found));
