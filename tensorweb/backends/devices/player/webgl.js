// @ts-check
// Runs streams of commands on WebGL 2, in a page or a worker. What the commands mean is said in devices/__init__.py;
// the Python half is devices/browser_webgl.py; devices/gles.py does the same on CPython. This script's value has one function, `create`.
(() => {
  const TEXEL = 16; // bytes of four elements; texel i lies at (i & (W - 1), i >> log2 W), fewer than W are one row of just that many
  const MAX_WIDTH = 1024; // GPUs compute squares of two by two texels: a row alone wastes half of them
  const MAX_GROUPS = 512; // framebuffers of several textures that are kept; one of a single texture lives with it
  const ASKED = 1 << 20; // bytes: from here on an allocation asks whether there was memory, which takes a browser long
  const TURNS = 8; // of other events before a wait sleeps; more only take time from the browser
  const VERTEX_SHADER = `#version 300 es
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }`;

  /**
   * @typedef {{ texture: WebGLTexture, size: string, format: number, type: number, framebuffer?: WebGLFramebuffer, groups: Set<string> }} Storage
   * @typedef {{ framebuffer: WebGLFramebuffer, storages: Storage[] }} Group  What commands with several outputs draw to.
   * @typedef {{ name: string, program: WebGLProgram, shader: WebGLShader, reads: number, writes: number, words: number,
   *   location: WebGLUniformLocation | null, failure?: Error }} Kernel
   * @typedef {(row: number, width: number, height: number) => void} Span
   */

  /** @param {string} name What Python makes of it. @param {string} text @param {string} [where] */
  const failure = (name, text, where) => Object.assign(new Error(text), { name, where });

  /** @param {number} words */
  const texelsOf = (words) => Math.ceil(words / 4);

  /** @param {number} ms */
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  class Player {
    /** @param {WebGL2RenderingContext} gl @param {boolean} half Whether floats shall have 16 bits. */
    constructor(gl, half) {
      this.gl = gl;
      const info = gl.getExtension("WEBGL_debug_renderer_info");
      this.name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
      this.timer = gl.getExtension("EXT_disjoint_timer_query_webgl2");
      this.timestamps = !!this.timer;
      this.parallel = gl.getExtension("KHR_parallel_shader_compile");
      const size = Math.min(gl.getParameter(gl.MAX_TEXTURE_SIZE), ...gl.getParameter(gl.MAX_VIEWPORT_DIMS));
      this.shift = Math.floor(Math.log2(Math.min(size, MAX_WIDTH)));
      this.width = 1 << this.shift;
      this.max_texels = Math.min(this.width * size, 1 << 24); // which shaders count in floats
      this.max_reads = gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS);
      this.max_writes = gl.getParameter(gl.MAX_DRAW_BUFFERS);
      this.max_vectors = gl.getParameter(gl.MAX_FRAGMENT_UNIFORM_VECTORS);
      /** @type {(Storage | undefined)[]} */ this.storages = [];
      /** @type {Kernel[]} */ this.kernels = [];
      /** @type {Set<Kernel>} */ this.unchecked = new Set(); // nobody has asked yet whether they compile
      /** @type {Map<string, Group>} */ this.groups = new Map();
      /** @type {WebGLTexture[]} */ this.bound = []; // the texture of each unit
      /** @type {WebGLProgram | undefined} */ this.program = undefined;
      /** @type {WebGLFramebuffer | undefined} */ this.framebuffer = undefined;
      /** @type {WebGLQuery[] | undefined} */ this.queries = undefined; // one for each submit while they are timed
      /** @type {(() => void)[]} */ this.waiting = [];
      this.allocated = 0; // bytes, the last time
      this.turns = new MessageChannel();
      this.turns.port1.onmessage = () => this.waiting.shift()?.();
      this.vertex = this.shader(gl.VERTEX_SHADER, VERTEX_SHADER);
      const floats = gl.getExtension("EXT_color_buffer_float");
      const halves = floats ?? gl.getExtension("EXT_color_buffer_half_float");
      this.texel = (!half && floats && this.probe(gl.RGBA32F)) || (halves && this.probe(gl.RGBA16F));
      if (!this.texel) throw failure("BackendError", `${this.name}, which does not render to floats`);
      this.half = this.texel.format === gl.RGBA16F;
      while (gl.getError()); // of what the probes found missing
    }

    /** A framebuffer of one texel if floats put there come back. @param {number} format */
    probe(format) {
      const { gl } = this;
      const framebuffer = this.attach([this.texture(format, 1, 1)]);
      const values = [0.5, -3, 1024, 0];
      const found = new Float32Array(4);
      gl.clearBufferfv(gl.COLOR, 0, values);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.FLOAT, found);
      return values.every((value, i) => value === found[i]) ? { framebuffer, format } : undefined;
    }

    // --- failures ---

    get lost() {
      return this.gl.isContextLost();
    }

    /** Raise that the context is lost. */
    alive() {
      if (this.lost) throw failure("Lost", "the browser took the context away, or it was closed");
    }

    /** Raise what failed since the last time; that memory ran out explains the rest. @param {string} where */
    check(where) {
      this.alive();
      const { gl } = this;
      const errors = [];
      for (let code; (code = gl.getError()); ) errors.push(code);
      this.alive();
      if (errors.includes(gl.OUT_OF_MEMORY)) throw failure("OutOfMemory", `${this.allocated}`);
      if (errors.length) throw failure("DeviceError", `WebGL's error ${errors.join()}`, where);
    }

    // --- storage ---

    /** A new texture, bound to unit 0. @param {number} format @param {number} width @param {number} height */
    texture(format, width, height) {
      const { gl } = this;
      const texture = gl.createTexture();
      this.bind(0, texture);
      gl.texStorage2D(gl.TEXTURE_2D, 1, format, width, height);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST); // with others a float texture reads as zeros
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE); // to repeat them costs software GPUs time
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      return texture;
    }

    /** @param {number} unit @param {WebGLTexture} texture */
    bind(unit, texture) {
      if (this.bound[unit] === texture) return;
      this.gl.activeTexture(this.gl.TEXTURE0 + unit);
      this.gl.bindTexture(this.gl.TEXTURE_2D, (this.bound[unit] = texture));
    }

    /** Call for the rectangles that texels fill: full rows, and the rest of the next one. @param {number} texels @param {Span} each */
    spans(texels, each) {
      const full = texels >> this.shift;
      const rest = texels & (this.width - 1);
      if (full) each(0, this.width, full);
      if (rest) each(full, rest, 1);
    }

    /** @param {number} slot @param {number} words @param {boolean} integer */
    allocate(slot, words, integer) {
      const { gl } = this;
      const texels = Math.max(1, texelsOf(words));
      const asked = texels * TEXEL >= ASKED;
      if (asked) this.check("commands before an allocation");
      else this.alive();
      this.allocated = texels * TEXEL;
      const floats = this.half ? gl.RGBA16F : gl.RGBA32F;
      const size = [Math.min(texels, this.width), Math.ceil(texels / this.width)];
      const texture = this.texture(integer ? gl.RGBA32I : floats, size[0], size[1]);
      try {
        if (asked) this.check("an allocation");
      } catch (error) {
        gl.deleteTexture(texture);
        throw error;
      }
      const [format, type] = integer ? [gl.RGBA_INTEGER, gl.INT] : [gl.RGBA, gl.FLOAT];
      this.storages[slot] = { texture, size: size.join(), format, type, groups: new Set() };
    }

    /** @param {number} slot */
    storage(slot) {
      const found = this.storages[slot];
      if (!found) throw failure("DeviceError", `there is no storage ${slot}`);
      return found;
    }

    /** @param {number} slot */
    release(slot) {
      const { texture, framebuffer, groups } = this.storage(slot);
      groups.forEach((key) => this.drop(key));
      if (framebuffer) this.forget(framebuffer);
      this.gl.deleteTexture(texture);
      this.storages[slot] = undefined;
    }

    /** @param {string} key */
    drop(key) {
      const { framebuffer, storages } = /** @type {Group} */ (this.groups.get(key));
      this.groups.delete(key);
      storages.forEach(({ groups }) => groups.delete(key));
      this.forget(framebuffer);
    }

    /** @param {WebGLFramebuffer} framebuffer */
    forget(framebuffer) {
      this.gl.deleteFramebuffer(framebuffer);
      if (this.framebuffer === framebuffer) this.framebuffer = undefined;
    }

    /** Elements after the last one in its texel become 0. @param {number} slot @param {Uint8Array<ArrayBuffer>} data */
    write(slot, data) {
      this.alive();
      const { gl } = this;
      const { texture, format, type } = this.storage(slot);
      const texels = Math.ceil(data.length / TEXEL);
      let whole = data;
      if (data.length % TEXEL) (whole = new Uint8Array(texels * TEXEL)).set(data);
      const words = new (type === gl.INT ? Int32Array : Float32Array)(whole.buffer, whole.byteOffset, texels * 4);
      this.bind(0, texture);
      gl.activeTexture(gl.TEXTURE0);
      this.spans(texels, (row, width, height) =>
        gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, row, width, height, format, type, words, 4 * row * this.width));
    }

    // --- kernels ---

    /** @param {number} kind @param {string} code */
    shader(kind, code) {
      const shader = /** @type {WebGLShader} */ (this.gl.createShader(kind));
      this.gl.shaderSource(shader, code);
      this.gl.compileShader(shader);
      return shader;
    }

    /**
     * Start to compile a kernel.
     * @param {number} number @param {string} name @param {string} code @param {number} reads @param {number} writes @param {number} words
     */
    define(number, name, code, reads, writes, words) {
      this.alive();
      const { gl } = this;
      if (reads > this.max_reads || writes > this.max_writes || words > 4 * this.max_vectors) {
        const most = `${this.max_reads}, ${this.max_writes} and ${4 * this.max_vectors}`;
        throw failure("NotCompiled", `${reads} inputs, ${writes} outputs, ${words} words of uniforms: at most ${most} fit`, name);
      }
      const program = gl.createProgram();
      const shader = this.shader(gl.FRAGMENT_SHADER, code);
      gl.attachShader(program, this.vertex);
      gl.attachShader(program, shader);
      gl.linkProgram(program);
      this.unchecked.add((this.kernels[number] = { name, program, shader, reads, writes, words, location: null }));
    }

    /** Ask whether a kernel compiled, which waits until it has, and prepare its uniforms. @param {Kernel} kernel */
    finish(kernel) {
      const { gl } = this;
      const { program, shader } = kernel;
      this.unchecked.delete(kernel);
      if (gl.getProgramParameter(program, gl.LINK_STATUS)) {
        gl.useProgram((this.program = program));
        for (let unit = 0; unit < kernel.reads; unit++) gl.uniform1i(gl.getUniformLocation(program, `t${unit}`), unit);
        kernel.location = gl.getUniformLocation(program, "u");
      } else {
        this.alive();
        const log = gl.getShaderParameter(shader, gl.COMPILE_STATUS) ? gl.getProgramInfoLog(program) : gl.getShaderInfoLog(shader);
        throw (kernel.failure = failure("NotCompiled", (log || "no reason").slice(0, 2000).replace(/[\0\s]+$/, ""), kernel.name));
      }
    }

    /** Return when all kernels are compiled; several compile at a time. */
    async ready() {
      const { gl, parallel } = this;
      for (const { program } of this.unchecked) {
        while (parallel && !gl.isContextLost() && !gl.getProgramParameter(program, parallel.COMPLETION_STATUS_KHR)) await sleep(1);
      }
      this.finishAll();
    }

    finishAll() {
      this.alive();
      this.unchecked.forEach((kernel) => this.finish(kernel));
    }

    // --- commands ---

    /** A framebuffer of textures, bound. @param {WebGLTexture[]} textures */
    attach(textures) {
      const { gl } = this;
      const framebuffer = gl.createFramebuffer();
      this.drawTo(framebuffer);
      textures.forEach((texture, i) => gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0 + i, gl.TEXTURE_2D, texture, 0));
      gl.drawBuffers(textures.map((_, i) => gl.COLOR_ATTACHMENT0 + i));
      return framebuffer;
    }

    /** @param {WebGLFramebuffer} framebuffer */
    drawTo(framebuffer) {
      if (this.framebuffer !== framebuffer) this.gl.bindFramebuffer(this.gl.FRAMEBUFFER, (this.framebuffer = framebuffer));
    }

    /** @param {number} slot */
    single(slot) {
      const storage = this.storage(slot);
      return (storage.framebuffer ??= this.attach([storage.texture]));
    }

    /** @param {Int32Array} slots */
    several(slots) {
      const key = slots.join();
      const found = this.groups.get(key);
      if (found) return found.framebuffer;
      if (this.groups.size >= MAX_GROUPS) this.groups.forEach((_, old) => this.drop(old));
      const storages = Array.from(slots, (slot) => this.storage(slot));
      if (storages.some(({ size }) => size !== storages[0].size)) { // which WebGL does not allow
        throw failure("DeviceError", "its outputs have textures of different sizes", "a kernel");
      }
      const framebuffer = this.attach(storages.map(({ texture }) => texture));
      storages.forEach(({ groups }) => groups.add(key));
      this.groups.set(key, { framebuffer, storages });
      return framebuffer;
    }

    /** @param {Int32Array} commands */
    submit(commands) {
      this.alive();
      const { gl, timer, queries } = this;
      if (!timer || !queries) return this.run(commands);
      const query = gl.createQuery();
      queries.push(query);
      gl.beginQuery(timer.TIME_ELAPSED_EXT, query);
      try {
        this.run(commands);
      } finally {
        gl.endQuery(timer.TIME_ELAPSED_EXT);
      }
    }

    /** @param {Int32Array} commands */
    run(commands) {
      const { gl } = this;
      for (let at = 0; at < commands.length; ) {
        const kernel = this.kernels[commands[at++]];
        const { program, reads, writes, words } = kernel;
        if (kernel.failure) throw kernel.failure;
        if (this.unchecked.size && this.unchecked.has(kernel)) this.finish(kernel);
        if (this.program !== program) gl.useProgram((this.program = program));
        for (let unit = 0; unit < reads; unit++) this.bind(unit, this.storage(commands[at++]).texture);
        this.drawTo(writes === 1 ? this.single(commands[at]) : this.several(commands.subarray(at, at + writes)));
        at += writes;
        if (words) gl.uniform4iv(kernel.location, commands, at, words);
        at += words;
        this.spans(commands[at], (row, width, height) => {
          gl.viewport(0, row, width, height);
          gl.drawArrays(gl.TRIANGLES, 0, 3);
        });
        at += 3;
      }
    }

    // --- results ---

    /** The bytes of each; blocks. @param {Int32Array} wanted Slot and words of each. */
    read(wanted) {
      this.alive();
      const { gl } = this;
      const results = [];
      for (let i = 0; i < wanted.length; i += 2) {
        const { format, type } = this.storage(wanted[i]);
        const texels = texelsOf(wanted[i + 1]);
        const view = new (type === gl.INT ? Int32Array : Float32Array)(texels * 4);
        this.drawTo(this.single(wanted[i]));
        this.spans(texels, (row, width, height) => gl.readPixels(0, row, width, height, format, type, view, 4 * row * this.width));
        results.push(new Uint8Array(view.buffer, 0, 4 * wanted[i + 1]));
      }
      this.check("commands before a read");
      return results;
    }

    /** The bytes of each, without blocking. @param {Int32Array} wanted Slot and words of each. */
    async readLater(wanted) {
      this.alive();
      const { gl } = this;
      const target = gl.PIXEL_PACK_BUFFER;
      const starts = [0];
      for (let i = 1; i < wanted.length; i += 2) starts.push(starts[starts.length - 1] + texelsOf(wanted[i]) * TEXEL);
      const bytes = new Uint8Array(/** @type {number} */ (starts.pop()));
      const buffer = gl.createBuffer();
      gl.bindBuffer(target, buffer); // whose content no later command changes
      gl.bufferData(target, Math.max(bytes.length, TEXEL), gl.STREAM_READ);
      starts.forEach((start, i) => {
        const { format, type } = this.storage(wanted[2 * i]);
        this.drawTo(this.single(wanted[2 * i]));
        this.spans(texelsOf(wanted[2 * i + 1]), (row, width, height) =>
          gl.readPixels(0, row, width, height, format, type, start + row * this.width * TEXEL));
      });
      gl.bindBuffer(target, null);
      try {
        await this.passed();
        gl.bindBuffer(target, buffer);
        if (bytes.length) gl.getBufferSubData(target, 0, bytes);
        gl.bindBuffer(target, null);
        this.check("commands before a read");
      } finally {
        gl.deleteBuffer(buffer);
      }
      return starts.map((start, i) => bytes.subarray(start, start + 4 * wanted[2 * i + 1]));
    }

    /** Return when all that was submitted has run. */
    async passed() {
      const { gl } = this;
      const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
      gl.flush();
      for (let turns = 0; fence && !gl.isContextLost() && gl.clientWaitSync(fence, 0, 0) === gl.TIMEOUT_EXPIRED; turns++) {
        await (turns < TURNS ? this.turn() : sleep(1)); // a fence is only ever passed between events
      }
      gl.deleteSync(fence);
      this.alive();
    }

    /** Let other events have their turn, as fast as the browser will. @returns {Promise<void>} */
    turn() {
      return new Promise((resolve) => {
        this.waiting.push(resolve);
        this.turns.port2.postMessage(0);
      });
    }

    wait() {
      const { gl, texel } = this;
      if (texel) this.drawTo(texel.framebuffer);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.FLOAT, new Float32Array(4)); // Chromium's `finish` waits for no GPU
      this.check("commands before a wait");
      this.finishAll();
    }

    async waitLater() {
      this.alive();
      await this.passed();
      this.check("commands before a wait");
      await this.ready();
    }

    // --- time ---

    /** Begin to add up the GPU's time of commands, or stop. @param {boolean} on */
    timed(on) {
      this.queries?.forEach((query) => this.gl.deleteQuery(query));
      this.queries = on && this.timer ? [] : undefined;
    }

    /** Milliseconds of commands since `timed(true)`, uploads and reads left out; nothing where the GPU cannot tell. */
    async elapsed() {
      const { gl, timer, queries } = this;
      if (!timer || !queries) return undefined;
      let total = 0;
      gl.flush();
      for (const query of queries) {
        while (!gl.isContextLost() && !gl.getQueryParameter(query, gl.QUERY_RESULT_AVAILABLE)) await sleep(1);
        total += gl.getQueryParameter(query, gl.QUERY_RESULT);
      }
      this.alive();
      return gl.getParameter(timer.GPU_DISJOINT_EXT) ? undefined : total / 1e6;
    }

    /** A browser gives a page few contexts: a lost one is better than one that waits for the garbage collector. */
    close() {
      this.gl.getExtension("WEBGL_lose_context")?.loseContext();
    }
  }

  /** A player, or nothing where there is no WebGL 2. @param {boolean} half Whether floats shall have 16 bits. */
  function create(half = false) {
    const canvas = typeof OffscreenCanvas === "undefined" ? document.createElement("canvas") : new OffscreenCanvas(1, 1);
    const options = { alpha: false, antialias: false, depth: false, stencil: false, powerPreference: "high-performance" };
    const gl = /** @type {WebGL2RenderingContext | null} */ (canvas.getContext("webgl2", options));
    return gl ? new Player(gl, half) : undefined;
  }

  return { create };
})();
