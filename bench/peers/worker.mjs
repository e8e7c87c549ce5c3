// One peer of Node in a process of its own; the protocol is that of harness/worker.py:
// `node worker.mjs PACKAGE FILE VARIANT STYLE THREADS`, requests as lines of JSON, answers as marked lines.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [MARK, TIMING, BATCH, LONG] = ['@bench ', 10, 200, 20_000];  // milliseconds
const TYPES = { '<f4': Float32Array, '<i4': Int32Array };
const [required, file, variant, , threads] = process.argv.slice(2);

const answer = (fields) => process.stdout.write(`\n${MARK}${JSON.stringify(fields)}\n`);

// The .npy format: a magic of 6 bytes, a version, the header's length, a header as a Python literal, the elements.
function readArray(path) {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, start);
  const shape = header.match(/'shape': \(([^)]*)\)/)[1].split(',').filter((s) => s.trim()).map(Number);
  const Type = TYPES[header.match(/'descr': '([^']*)'/)[1]];
  return { shape, data: new Type(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length)) };
}

function writeArray(path, { shape, data }) {
  const literal = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.map((s) => `${s},`).join('')}), }`;
  const header = literal.padEnd(Math.ceil((literal.length + 11) / 64) * 64 + 53, ' ') + '\n';
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  writeFileSync(path, Buffer.concat([start, Buffer.from(header, 'latin1'), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]));
}

class Loaded {
  static async open(peer, folder) {
    const loaded = new Loaded();
    const about = JSON.parse(readFileSync(join(folder, 'case.json')));
    const given = Object.fromEntries(about.inputs.map((name) => [name, readArray(join(folder, `${name}.npy`))]));
    const start = performance.now();
    loaded.call = await peer.build(about, given, folder);
    const out = await loaded.call();
    loaded.first = performance.now() - start;
    peer.arrays(out).forEach((array, i) => writeArray(join(folder, `out-${process.pid}-0-${i}.npy`), array));
    loaded.number = 1;
    return loaded;
  }

  // The milliseconds of a call, as a mean over `number` of them; only what is a promise is awaited.
  async time(number) {
    const start = performance.now();
    for (let i = 0; i < number; i++) {
      const out = this.call();
      if (out instanceof Promise) await out;
    }
    return (performance.now() - start) / number;
  }

  async warmUp() {
    let each = Math.min(await this.time(1), await this.time(1), await this.time(1));
    while (each * this.number < TIMING) {
      this.number *= 4;
      each = await this.time(this.number);
    }
  }

  async batch() {
    const times = [];
    const start = performance.now();
    while (!times.length || performance.now() - start < BATCH) times.push((await this.time(this.number)) / 1000);
    return times;
  }
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
      loaded = await Loaded.open(peer, request.folder);
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
