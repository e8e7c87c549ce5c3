// One peer of Node in a process of its own; the protocol is that of harness/worker.py:
// `node worker.mjs PACKAGE FILE VARIANT STYLE THREADS`, requests as lines of JSON, answers as marked lines.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LONG, Loaded } from './loaded.mjs';

const MARK = '@bench ';
const [required, file, variant, , threads] = process.argv.slice(2);

const answer = (fields) => process.stdout.write(`\n${MARK}${JSON.stringify(fields)}\n`);

function writeArray(path, { shape, data }) {
  const literal = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.map((s) => `${s},`).join('')}), }`;
  const header = literal.padEnd(Math.ceil((literal.length + 11) / 64) * 64 + 53, ' ') + '\n';
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  writeFileSync(path, Buffer.concat([start, Buffer.from(header, 'latin1'), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
}

async function open(peer, folder) {
  const loaded = await Loaded.open(peer, (name) => new Uint8Array(readFileSync(join(folder, name))));
  loaded.outputs.forEach((arrays, step) => {
    arrays.forEach((array, i) => writeArray(join(folder, `out-${process.pid}-${step}-${i}.npy`), array));
  });
  return loaded;
}

const begun = performance.now();
await import(required);
const imported = (performance.now() - begun) / 1000;
const peer = await import(`./${file}`);
const settingUp = performance.now();
await peer.setUp?.(variant, Number(threads));
const setUp = (performance.now() - settingUp) / 1000;
const manifest = (createRequire(import.meta.url).resolve.paths(required) ?? []).map((p) => join(p, required, 'package.json'));
const version = manifest.map((p) => { try { return JSON.parse(readFileSync(p)).version; } catch { return ''; } }).find(Boolean) ?? process.version;
answer({ version, imported, set_up: setUp, pid: process.pid });

let loaded;
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  try {
    if (request.do === 'load') {
      loaded = await open(peer, request.folder);
      const long = loaded.first >= LONG;
      if (!long && request.again) await loaded.warmUp();
      answer({ first: loaded.first / 1000, long });
    } else {
      answer({ times: await loaded.batch() });
    }
  } catch (error) {
    answer({ error: `${error}`.slice(0, 300) });
  }
}
process.exit(0);  // worker threads of a peer would keep the process
