// @ts-check
// Runs streams of commands on WebGPU, in a page or a worker. What the commands mean is said in devices/__init__.py;
// Python's half is devices/browser_webgpu.py. The value of this script has one function, `create`.
(() => {
  const MAP_READ = 1, COPY_SRC = 4, COPY_DST = 8, UNIFORM = 64, STORAGE = 128, QUERY_RESOLVE = 512; // of GPUBufferUsage
  const COMPUTE = 4; // of GPUShaderStage
  const BLOCK = 256; // bytes: where uniforms of a command may start
  const BLOCKS = 256; // so many fit into the buffer of uniforms; a longer stream takes several passes
  const GROUPS = 4096; // bind groups that are kept
  const UNSENT = 1 << 26; // bytes written that wait for a submit; the browser keeps copies of them
  const PATIENCE_MS = 8000; // a browser whose process for the GPU hangs leaves promises open; starting that process takes up to seconds
  const OFFSETS = Uint32Array.from({ length: BLOCKS }, (_, i) => i * BLOCK);
  const FEATURES = /** @type {const} */ (["shader-f16", "subgroups", "timestamp-query"]);
  const LIMITS = /** @type {const} */ ([
    "maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage", "maxComputeWorkgroupStorageSize",
    "maxComputeInvocationsPerWorkgroup", "maxComputeWorkgroupSizeX", "maxComputeWorkgroupSizeY",
  ]);

  /**
   * @typedef {{ bind: GPUBindGroup, layout: Layout, key: string, slots: Slot[] }} Group
   * @typedef {{ buffer: GPUBuffer, groups: Set<Group> }} Slot
   * @typedef {{ bind: GPUBindGroupLayout, pipeline: GPUPipelineLayout, uniforms: number, groups: Map<string, Group> }} Layout
   * @typedef {{ name: string, layout: Layout, storages: number, words: number, pipeline?: GPUComputePipeline, failure?: Error }} Kernel
   * @typedef {[buffer: GPUBuffer, size: number]} Piece
   * @typedef {{ getBuffer: (type: "u8") => { data: Uint8Array<ArrayBuffer>, release: () => void } }} Memory  Python's, seen through Pyodide.
   */

  /** An error that Python knows by its name. @param {string} name @param {string} text @param {string} [where] */
  const failure = (name, text, where) => Object.assign(new Error(text), { name, where });

  /** The value of a promise, or an error if it comes not in time. @template T @param {Promise<T>} promise @param {string} what */
  const inTime = (promise, what) => {
    const late = new Promise((_, reject) => setTimeout(() => reject(failure("Failed", `no answer when asked for ${what}`)), PATIENCE_MS));
    return /** @type {Promise<T>} */ (Promise.race([promise, late]));
  };

  /** @template T @param {Map<number, T>} map @param {number} number */
  const known = (map, number) => {
    const found = map.get(number);
    if (!found) throw failure("Failed", `nothing has the number ${number}`, "a command");
    return found;
  };

  class Player {
    /** @param {GPUDevice} device @param {string} name */
    constructor(device, name) {
      this.device = device;
      this.name = name;
      /** @type {Map<number, Kernel>} */ this.kernels = new Map();
      /** @type {Map<number, Slot>} */ this.slots = new Map();
      /** @type {Map<string, Layout>} */ this.layouts = new Map();
      /** @type {Map<Kernel, Promise<void>>} */ this.compiling = new Map();
      /** @type {Set<Promise<void>>} */ this.scopes = new Set(); // of errors, yet to answer
      /** @type {Promise<void> | undefined} */ this.tail = undefined; // the last work that waits for its turn
      /** @type {Error | undefined} */ this.lost = undefined;
      /** @type {Error | undefined} */ this.failed = undefined; // what nobody has heard of yet
      /** @type {GPUBuffer | undefined} */ this.staging = undefined;
      /** @type {GPUQuerySet | undefined} */ this.queries = undefined; // of when a pass begins and ends, if passes are timed
      /** @type {Piece[]} */ this.stamps = []; // their results
      this.groups = this.unsent = 0;
      this.words = new Int32Array((BLOCK * BLOCKS) / 4);
      this.uniforms = device.createBuffer({ size: BLOCK * BLOCKS, usage: UNIFORM | COPY_DST });
      device.lost.then((info) => { this.lost ??= failure("Lost", info.message || info.reason); });
      device.onuncapturederror = ({ error }) => this.fail(failure("Failed", error.message, "a command"));
    }

    // --- failures ---

    /** Keep the first failure until it is raised; that memory ran out explains what else fails. @param {Error} error */
    fail(error) {
      if (!this.failed || error.name === "OutOfMemory") this.failed = error;
    }

    check() {
      if (this.lost) throw this.lost;
      const error = this.failed;
      this.failed = undefined;
      if (error) throw error;
    }

    /**
     * Do work whose errors of a kind are told, at the latest when somebody waits.
     * @template T @param {GPUErrorFilter} kind @param {() => T} work @param {(text: string) => Error | undefined} tell @returns {T}
     */
    scoped(kind, work, tell) {
      this.device.pushErrorScope(kind);
      try {
        return work();
      } finally {
        const scope = this.device.popErrorScope().then((found) => {
          const error = found && tell(found.message);
          if (error) this.fail(error);
        }, () => {}).finally(() => this.scopes.delete(scope));
        this.scopes.add(scope);
      }
    }

    /** Return when all errors of what was submitted are known; raise the first. */
    async settled() {
      await Promise.all(this.scopes);
      // What fails because the device is lost may be told a little before that.
      if (this.failed) await Promise.race([this.device.lost, new Promise((next) => setTimeout(next, 100))]);
      this.check();
    }

    // --- order ---

    /**
     * Do work now, or, if something waits for kernels that compile, after it.
     * @template T @param {() => T} work @param {Promise<void>[]} [needs] @returns {T | Promise<T>}
     */
    inOrder(work, needs = []) {
      if (!this.tail && !needs.length) return work();
      const turn = Promise.all([this.tail, ...needs]).then(work);
      const tail = turn.then(() => {}, (error) => this.fail(error)).then(() => { if (this.tail === tail) this.tail = undefined; });
      this.tail = tail;
      return turn;
    }

    // --- storage ---

    /** @param {number} slot @param {number} words */
    allocate(slot, words) {
      this.check();
      const size = Math.max(16, Math.ceil(words / 4) * 16);
      const make = () => this.device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
      this.inOrder(() => {
        this.free(slot);
        const buffer = this.scoped("out-of-memory", make, () => failure("OutOfMemory", `${size}`));
        this.slots.set(slot, { buffer, groups: new Set() });
      });
    }

    /** @param {number} slot */
    release(slot) {
      this.inOrder(() => this.free(slot));
    }

    /** @param {number} slot */
    free(slot) {
      const found = this.slots.get(slot);
      found?.groups.forEach((group) => this.drop(group));
      found?.buffer.destroy();
      this.slots.delete(slot);
    }

    /** @param {number} slot @param {Memory} memory */
    write(slot, memory) {
      this.check();
      const view = memory.getBuffer("u8");
      try {
        const data = this.tail ? view.data.slice() : view.data;
        this.inOrder(() => {
          this.device.queue.writeBuffer(known(this.slots, slot).buffer, 0, data);
          this.unsent += data.length;
          if (this.unsent > UNSENT) this.send();
        });
      } finally {
        view.release();
      }
    }

    /** @param {GPUCommandBuffer[]} buffers */
    send(...buffers) {
      this.device.queue.submit(buffers);
      this.unsent = 0;
    }

    // --- kernels ---

    /** @param {number} reads @param {number} writes @param {number} words @returns {Layout} */
    layout(reads, writes, words) {
      const key = `${[reads, writes, words]}`;
      const found = this.layouts.get(key);
      if (found) return found;
      const uniforms = Math.max(16, words * 4);
      /** @type {GPUBufferBindingLayout[]} */
      const buffers = [{ hasDynamicOffset: true, minBindingSize: uniforms }];
      for (let i = 0; i < reads + writes; i++) buffers.push({ type: i < reads ? "read-only-storage" : "storage" });
      const entries = buffers.map((buffer, binding) => ({ binding, visibility: COMPUTE, buffer }));
      const bind = this.device.createBindGroupLayout({ entries });
      const made = { bind, pipeline: this.device.createPipelineLayout({ bindGroupLayouts: [bind] }), uniforms, groups: new Map() };
      this.layouts.set(key, made);
      return made;
    }

    /**
     * Start to compile a kernel.
     * @param {number} number @param {string} name @param {string} code @param {number} reads @param {number} writes @param {number} words
     */
    define(number, name, code, reads, writes, words) {
      this.check();
      const layout = this.layout(reads, writes, words);
      /** @type {Kernel} */
      const kernel = { name, layout, storages: reads + writes, words };
      // What is wrong with a module is asked of itself: that tells the line.
      const module = this.scoped("validation", () => this.device.createShaderModule({ label: name, code }), () => undefined);
      const compute = { module, entryPoint: "main" };
      const ready = this.device.createComputePipelineAsync({ label: name, layout: layout.pipeline, compute }).then(
        (pipeline) => { kernel.pipeline = pipeline; },
        async (error) => {
          const { messages } = await module.getCompilationInfo();
          const found = messages.find(({ type }) => type === "error");
          kernel.failure = failure("NotCompiled", found ? `line ${found.lineNum}: ${found.message}` : error.message, name);
          this.fail(kernel.failure);
        },
      ).catch(() => {}).finally(() => this.compiling.delete(kernel));
      this.compiling.set(kernel, ready);
      this.kernels.set(number, kernel);
    }

    /** Everything defined so far is compiled. */
    async ready() {
      await Promise.all(this.compiling.values());
      this.check();
    }

    // --- commands ---

    /** The kernels of a stream, each once. @param {Int32Array} commands */
    used(commands) {
      /** @type {Set<Kernel>} */
      const found = new Set();
      for (let at = 0; at < commands.length;) {
        const kernel = known(this.kernels, commands[at]);
        found.add(kernel);
        at += 4 + kernel.storages + kernel.words;
      }
      return [...found];
    }

    /** @param {Int32Array} commands They become the player's. */
    submit(commands) {
      this.check();
      const needs = this.compiling.size ? this.used(commands).flatMap((kernel) => this.compiling.get(kernel) ?? []) : [];
      this.inOrder(() => this.scoped("validation", () => {
        for (let at = 0; at < commands.length;) at = this.pass(commands, at);
      }, (text) => failure("Failed", text, `a pass of ${this.used(commands).slice(0, 8).map(({ name }) => name).join(", ")}`)), needs);
    }

    /** Submit what the buffer of uniforms serves; return where the rest begins. @param {Int32Array} commands @param {number} at */
    pass(commands, at) {
      const { device, words, queries } = this;
      const encoder = device.createCommandEncoder();
      const stamps = queries && { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
      const pass = encoder.beginComputePass({ timestampWrites: stamps });
      let block = 0, last;
      while (at < commands.length) {
        const kernel = known(this.kernels, commands[at]);
        if (!kernel.pipeline) throw kernel.failure;
        const next = block + Math.max(1, Math.ceil((kernel.words * 4) / BLOCK));
        if (next > BLOCKS) break;
        const start = at + 1 + kernel.storages, end = start + kernel.words;
        words.set(commands.subarray(start, end), (block * BLOCK) / 4);
        if (kernel !== last) pass.setPipeline(kernel.pipeline);
        pass.setBindGroup(0, this.group(kernel.layout, commands.subarray(at + 1, start)), OFFSETS, block, 1);
        pass.dispatchWorkgroups(commands[end], commands[end + 1], commands[end + 2]);
        last = kernel;
        block = next;
        at = end + 3;
      }
      pass.end();
      if (queries) {
        const buffer = device.createBuffer({ size: 16, usage: QUERY_RESOLVE | COPY_SRC });
        encoder.resolveQuerySet(queries, 0, 2, buffer, 0);
        this.stamps.push([buffer, 16]);
      }
      device.queue.writeBuffer(this.uniforms, 0, words, 0, (block * BLOCK) / 4); // after the passes before this one
      this.send(encoder.finish());
      return at;
    }

    /** @param {Layout} layout @param {Int32Array} numbers */
    group(layout, numbers) {
      const key = numbers.join();
      const found = layout.groups.get(key);
      if (found) return found.bind;
      if (this.groups >= GROUPS) this.layouts.forEach(({ groups }) => groups.forEach((group) => this.drop(group)));
      const slots = Array.from(numbers, (number) => known(this.slots, number));
      const buffers = [{ buffer: this.uniforms, size: layout.uniforms }, ...slots.map(({ buffer }) => ({ buffer }))];
      const entries = buffers.map((resource, binding) => ({ binding, resource }));
      const bind = this.device.createBindGroup({ layout: layout.bind, entries });
      const group = { bind, layout, key, slots };
      layout.groups.set(key, group);
      slots.forEach((slot) => slot.groups.add(group));
      this.groups++;
      return bind;
    }

    /** @param {Group} group */
    drop(group) {
      group.layout.groups.delete(group.key);
      group.slots.forEach((slot) => slot.groups.delete(group));
      this.groups--;
    }

    // --- reading, waiting, time ---

    /** Bytes, valid until `done`. @param {Int32Array} wanted The slot and the words of each. */
    async read(wanted) {
      this.check();
      return this.fetch(() => {
        /** @type {Piece[]} */
        const pieces = [];
        for (let i = 0; i < wanted.length; i += 2) pieces.push([known(this.slots, wanted[i]).buffer, wanted[i + 1] * 4]);
        return pieces;
      });
    }

    /** @param {() => Piece[]} find */
    async fetch(find) {
      /** @param {string} text */
      const tell = (text) => failure("Failed", text, "reading");
      const { staging, sizes, total } = await this.inOrder(() => this.scoped("validation", () => this.copy(find()), tell));
      await staging.mapAsync(MAP_READ, 0, total).catch((error) => this.fail(tell(error.message)));
      await this.settled();
      const range = staging.getMappedRange(0, total);
      let offset = 0;
      return {
        views: sizes.map((size) => new Uint8Array(range, (offset += size) - size, size)),
        done: () => {
          staging.unmap();
          if (this.staging) staging.destroy(); // two reads were under way
          else this.staging = staging;
        },
      };
    }

    /** Copy to a buffer that can be mapped. @param {Piece[]} pieces */
    copy(pieces) {
      const sizes = pieces.map(([, size]) => size);
      const total = sizes.reduce((a, b) => a + b, 0);
      let { staging } = this;
      this.staging = undefined;
      if (!staging || staging.size < total) {
        staging?.destroy();
        const size = Math.min(2 ** Math.max(12, Math.ceil(Math.log2(total))), this.device.limits.maxBufferSize);
        staging = this.device.createBuffer({ size, usage: MAP_READ | COPY_DST });
      }
      const encoder = this.device.createCommandEncoder();
      let offset = 0;
      for (const [buffer, size] of pieces) {
        if (size) encoder.copyBufferToBuffer(buffer, 0, staging, offset, size);
        offset += size;
      }
      this.send(encoder.finish());
      return { staging, sizes, total };
    }

    async wait() {
      this.check();
      await this.inOrder(() => this.device.queue.onSubmittedWorkDone());
      await this.settled();
    }

    /** Begin to measure passes, or stop. @param {boolean} on */
    timed(on) {
      this.inOrder(() => {
        this.queries = on && this.device.features.has("timestamp-query") ? this.device.createQuerySet({ type: "timestamp", count: 2 }) : undefined;
        this.stamps.splice(0).forEach(([buffer]) => buffer.destroy());
      });
    }

    /** Milliseconds of all passes since `timed(true)`; nothing where the device cannot tell. */
    async elapsed() {
      this.check();
      if (!(await this.inOrder(() => this.queries))) return undefined;
      const { views, done } = await this.fetch(() => this.stamps);
      let total = 0n;
      for (const view of views) {
        const [start, end] = new BigInt64Array(view.buffer, view.byteOffset, 2);
        total += end - start;
      }
      done();
      return Number(total) / 1e6;
    }

    close() {
      this.lost ??= failure("Lost", "it was closed");
      this.device.destroy();
      [this.kernels, this.slots, this.layouts].forEach((each) => each.clear());
    }
  }

  /** A player, or nothing where there is no GPU. `defaults` keeps to what every device allows. @param {boolean} defaults */
  async function create(defaults) {
    if (!navigator.gpu) return undefined;
    const adapter = await inTime(navigator.gpu.requestAdapter({ powerPreference: "high-performance" }), "a GPU");
    if (!adapter) return undefined;
    const requiredFeatures = FEATURES.filter((feature) => adapter.features.has(feature));
    const requiredLimits = defaults ? {} : Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
    const device = await inTime(adapter.requestDevice({ requiredFeatures, requiredLimits }), "a device");
    const { vendor, architecture, description } = adapter.info;
    return new Player(device, description || `${vendor} ${architecture}`.trim() || "GPU");
  }

  return { create };
})();
