// Runs graph models by the real TensorFlow.js: node run_graph_models.mjs TFJS_FOLDER JOBS RESULTS, as tests/formats/live.py calls readers.
// A job is {folder, inputs: {name: {shape, dtype, v}}, outputs: names of nodes}; its result is {outputs: [{shape, dtype, v}]} or {error}.
// Numbers that are not finite are text.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [place, jobs, results] = process.argv.slice(2);
const tf = createRequire(join(place, "x.js"))("@tensorflow/tfjs");
await tf.setBackend("cpu");
const NUMBERS = { inf: Infinity, "-inf": -Infinity, nan: NaN };
const given = (x) => tf.tensor(x.dtype === "string" ? x.v : x.v.map((v) => NUMBERS[v] ?? v), x.shape, x.dtype);
const plain = (v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v);
const told = (x) => ({ shape: x.shape, dtype: x.dtype, v: Array.from(x.dataSync(), plain) });
const found = [];
for (const { folder, inputs, outputs } of JSON.parse(readFileSync(jobs, "utf8"))) {
  try {
    const json = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
    const bytes = Buffer.concat(json.weightsManifest.flatMap((group) => group.paths.map((path) => readFileSync(join(folder, path)))));
    const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const weightSpecs = json.weightsManifest.flatMap((group) => group.weights);
    const model = await tf.loadGraphModel(tf.io.fromMemory({ ...json, weightSpecs, weightData }));
    const fed = Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, given(x)]));
    const values = [await model.executeAsync(fed, outputs)].flat();
    found.push({ outputs: values.map(told) });
  } catch (error) {
    found.push({ error: String(error) });
  }
}
writeFileSync(results, JSON.stringify(found));
