// A case that a peer has built, ready to be called again and again; and arrays as .npy files hold them. For Node and for a page.

const [TIMING, BATCH] = [10, 200];  // milliseconds
export const LONG = 20_000;
const TYPES = { '<f4': Float32Array, '<i4': Int32Array };

// The .npy format: a magic of 6 bytes, a version, the header's length, a header as a Python literal, the elements.
export function parseArray(bytes) {
  const start = 10 + bytes[8] + 256 * bytes[9];
  const header = new TextDecoder('latin1').decode(bytes.subarray(10, start));
  const shape = header.match(/'shape': \(([^)]*)\)/)[1].split(',').filter((s) => s.trim()).map(Number);
  const Type = TYPES[header.match(/'descr': '([^']*)'/)[1]];
  return { shape, data: new Type(bytes.slice(start).buffer) };
}

export class Loaded {
  // `read` returns the bytes of a file of the case.
  static async open(peer, read) {
    const loaded = new Loaded();
    const about = JSON.parse(new TextDecoder().decode(await read('case.json')));
    const given = {};
    for (const name of about.inputs) given[name] = parseArray(await read(`${name}.npy`));
    const start = performance.now();
    loaded.call = await peer.build(about, given, read);
    loaded.waits = about.waits;
    loaded.wait = peer.wait ?? (() => {});
    let out = await loaded.once();
    loaded.first = performance.now() - start;
    loaded.outputs = [];  // of each step
    for (let step = 0; step < about.steps; step++) {
      if (step) out = await loaded.once();
      loaded.outputs.push(await peer.arrays(out));
    }
    loaded.number = about.waits ? 1 : 1000;
    return loaded;
  }

  async once() {
    const out = await this.call();
    await this.wait(out);
    return out;
  }

  // The milliseconds of a call, as a mean over `number` of them; only what is a promise is awaited.
  async time(number) {
    const start = performance.now();
    if (this.call.repeat) {
      await this.call.repeat(number, this.waits);
    } else {
      let out;
      for (let i = 0; i < number; i++) {
        out = this.call();
        if (out instanceof Promise) out = await out;
        if (this.waits || i === number - 1) {
          const waiting = this.wait(out);
          if (waiting instanceof Promise) await waiting;
        }
      }
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
