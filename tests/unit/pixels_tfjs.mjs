// What TensorFlow.js makes of pictures. Usage: node pixels_tfjs.mjs FOLDER JOBS RESULTS; FOLDER/node_modules has @tensorflow/tfjs.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [folder, jobs, results] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(folder), "package.json"));
const { browser, tensor } = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");

const work = {
  fromPixels: ({ data, width, height, channels }) => browser.fromPixels({ data: Uint8Array.from(data), width, height }, channels).array(),
  toPixels: async ({ values, shape, dtype }) => Array.from(await browser.toPixels(tensor(values.map((v) => v ?? NaN), shape, dtype))),
};

const told = [];
for (const { job, ...given } of JSON.parse(fs.readFileSync(jobs))) {
  try {
    told.push({ value: await work[job](given) });
  } catch (error) {
    told.push({ error: String(error) });
  }
}
fs.writeFileSync(results, JSON.stringify(told));
