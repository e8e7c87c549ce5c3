// Loads models with @tensorflow/tfjs and predicts. Run: node tfjs_reader.mjs <folder with node_modules/@tensorflow/tfjs> <jobs.json> <results.json>
// A job: {"folder": of a model.json, "inputs": [{"s": shape, "d": dtype, "v": values}], "train": [targets] or absent}.
import {createRequire} from 'node:module';
import {readFileSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';

const require = createRequire(resolve(process.argv[2]) + '/');
const tf = require('@tensorflow/tfjs');
await tf.setBackend('cpu');

const handler = (folder) => ({load: async () => {
  const json = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
    const parts = manifest.flatMap((g) => g.paths).map((p) => readFileSync(join(folder, p)));
    const whole = Buffer.concat(parts);
    return [manifest.flatMap((g) => g.weights), whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.byteLength)];
  });
}});
const listed = (v) => Array.isArray(v) ? v : [v];
const results = [];
for (const job of JSON.parse(readFileSync(process.argv[3], 'utf8'))) {
  try {
    tf.engine().startScope();
    const model = await tf.loadLayersModel(handler(job.folder));
    const tensors = (list) => {
      const made = list.map((i) => tf.tensor(i.d === 'string' ? i.v : i.v.map((v) => v === 'inf' ? Infinity : v === '-inf' ? -Infinity : Number(v)), i.s, i.d));
      return made.length === 1 ? made[0] : made;
    };
    const x = tensors(job.inputs);
    const read = async (out) => Promise.all(listed(out).map(async (t) => ({s: t.shape, v: Array.from(await t.data(), (v) => String(v))})));
    const result = {outputs: await read(model.predict(x))};
    if (job.train) {
      for (let i = 0; i < 3; i++) await model.trainOnBatch(x, tensors(job.train));
      result.trained = await read(model.predict(x));
    }
    results.push(result);
  } catch (e) {
    results.push({error: String(e && e.message || e).slice(0, 500)});
  } finally {
    tf.engine().endScope();
  }
}
writeFileSync(process.argv[4], JSON.stringify(results));
