// @ts-check
// Runs streams of calls on WebAssembly, in a page or a worker: one memory, kernels in it, and threads that share it where the page
// is isolated. The Python half, which writes the kernels, is backends/wasm/page.py. This script's value has one function, `create`.
(() => {
  const PAGE = 65536;
  const MAXIMA = [65536, 32768, 16384]; // pages: what a memory may grow to is reserved at once, and some systems refuse 4 GB
  const CHUNKS_PER_THREAD = 4;
  const NAP = 100; // milliseconds that the caller sleeps at a time while other threads finish

  /** @typedef {(dynamic: number, begin: number, end: number) => void} Kernel */

  /** What threads have in common. Its text is the workers' too, so it refers to nothing outside. */
  const common = () => {
    // Words of the first page, each on a cache line of its own. TICKET holds a job's number and, in the low byte, the chunks nobody
    // has taken; JOB its kernel, dynamic, units and chunks; FAILED the bytes of a text that begins at the next word.
    const TICKET = 0, DONE = 32, READY = 64, JOB = 96, FAILED = 128, WORDS = 256;
    const SPINS = 20000; // some tens of microseconds

    /**
     * Compute chunks of the job until none is left; return the ticket, or -1 if the job's kernel is not known here.
     * @param {Int32Array} state @param {Kernel[]} kernels @param {(error: unknown) => void} fail
     */
    const work = (state, kernels, fail) => {
      for (;;) {
        const ticket = Atomics.load(state, TICKET), left = ticket & 255;
        if (!left) return ticket;
        const kernel = kernels[state[JOB]], dynamic = state[JOB + 1], units = state[JOB + 2], chunks = state[JOB + 3];
        if (!kernel) return -1;
        if (Atomics.compareExchange(state, TICKET, ticket, ticket - 1) !== ticket) continue;
        const chunk = chunks - left, each = Math.floor(units / chunks), more = units % chunks; // the first `more` have one unit more
        const begin = chunk * each + Math.min(chunk, more);
        try { kernel(dynamic, begin, begin + each + (chunk < more ? 1 : 0)); } catch (error) { fail(error); }
        if (Atomics.add(state, DONE, 1) === chunks - 1) Atomics.notify(state, DONE);
      }
    };

    /** @param {WebAssembly.Module} module @param {WebAssembly.Memory} memory @param {WebAssembly.Global} scratch */
    const link = (module, memory, scratch) =>
      /** @type {Kernel} */ (new WebAssembly.Instance(module, { env: { memory, scratch } }).exports.kernel);

    /** @param {number} address */
    const scratchAt = (address) => new WebAssembly.Global({ value: "i32" }, address);

    /** Be a worker: take memory and kernels from messages, and compute until a job has a kernel whose message is still to come. */
    const serve = () => {
      /** @type {Kernel[]} */
      const kernels = [];
      /** @type {WebAssembly.Memory} */ let memory;
      /** @type {WebAssembly.Global} */ let scratch;
      /** @type {Int32Array} */ let state;
      const fail = (/** @type {unknown} */ error) => {
        const text = new TextEncoder().encode(String(error)).subarray(0, 4 * (WORDS - FAILED - 1));
        new Uint8Array(memory.buffer, 4 * (FAILED + 1), text.length).set(text);
        Atomics.store(state, FAILED, text.length);
      };
      onmessage = ({ data }) => {
        if (data.memory) {
          memory = data.memory;
          scratch = scratchAt(data.scratch);
          state = new Int32Array(memory.buffer, 0, WORDS);
          Atomics.add(state, READY, 1);
          postMessage("ready");
        } else {
          kernels[data.number] = link(data.module, memory, scratch);
        }
        for (;;) {
          const ticket = work(state, kernels, fail);
          if (ticket < 0) return;
          for (let spins = 0; Atomics.load(state, TICKET) === ticket; ) if (++spins > SPINS) Atomics.wait(state, TICKET, ticket);
        }
      };
    };
    return { TICKET, DONE, READY, JOB, FAILED, WORDS, SPINS, work, link, scratchAt, serve };
  };
  const { TICKET, DONE, READY, JOB, FAILED, WORDS, SPINS, work, link, scratchAt } = common();

  /** @param {number} pages @param {boolean} shared */
  const makeMemory = (pages, shared) => {
    let refused;
    for (const maximum of MAXIMA) {
      try { return new WebAssembly.Memory({ initial: pages, maximum, shared }); } catch (error) { refused = error; }
    }
    throw refused;
  };

  class Player {
    /** @param {number} threads The caller's included; each has a page of scratch memory behind the first page. */
    constructor(threads) {
      this.shared = globalThis.crossOriginIsolated === true;
      this.threads = this.shared ? threads : 1;
      this.modern = "Suspending" in WebAssembly; // an engine of 2025 or later
      this.memory = makeMemory(2 + this.threads, this.shared);
      this.scratch = scratchAt(PAGE);
      /** @type {Kernel[]} */
      this.kernels = [];
      /** @type {{ module: WebAssembly.Module, name: string, sent: boolean }[]} */
      this.about = [];
      this.failure = "";
      this.jobs = 0;
      // Milliseconds that the caller waits for others when it is done, or a hundred times what its own part took: then a thread is dead.
      this.patience = 5000;
      this.mayWait = !("document" in globalThis); // the main thread may only spin
      /** @type {Worker[]} */
      this.workers = [];
      /** @type {Promise<unknown> | undefined} */ this.started = undefined;
    }

    /**
     * Start the workers, when there is work for them: beside a GPU there may never be. They compute from the moment that they are ready;
     * some browsers start them when this thread is idle.
     */
    start() {
      this.started = Promise.resolve();
      try { this.launch(); } catch { this.close(); } // where the page's policy forbids such workers, one thread does it all
    }

    launch() {
      const url = URL.createObjectURL(new Blob([`(${common})().serve();`], { type: "text/javascript" }));
      const started = [];
      for (let number = 1; number < this.threads; number++) {
        const worker = new Worker(url, { name: `tensorweb-wasm-${number}` });
        started.push(new Promise((go) => { worker.onmessage = go; }));
        worker.postMessage({ memory: this.memory, scratch: (1 + number) * PAGE });
        this.workers.push(worker);
      }
      this.state = new Int32Array(this.memory.buffer, 0, WORDS);
      this.started = Promise.all(started);
    }

    /** Wait until all threads compute, at most so many milliseconds. @param {number} most */
    async begin(most) {
      if (!this.started) this.start();
      await Promise.race([this.started, new Promise((go) => { setTimeout(go, most); })]);
    }

    /** How many threads compute by now. */
    ready() {
      return this.workers.length && this.state ? 1 + Atomics.load(this.state, READY) : 1;
    }

    /** @param {Uint8Array<ArrayBuffer>} bytes */
    validates(bytes) {
      return WebAssembly.validate(bytes);
    }

    /** Compile a module that has one kernel, and return its number. @param {Uint8Array<ArrayBuffer>} bytes @param {string} name */
    compile(bytes, name) {
      const module = new WebAssembly.Module(bytes);
      this.kernels.push(link(module, this.memory, this.scratch));
      return this.about.push({ module, name, sent: false }) - 1;
    }

    /** Return the address of so many pages more, -1 if there are none. The last page is kept: kernels read beyond their memory. */
    grow(/** @type {number} */ pages) {
      try { return (this.memory.grow(pages) - 1) * PAGE; } catch { return -1; }
    }

    /** Return memory as bytes. Memory that is not shared moves when it grows, so no view of it is kept. */
    view(/** @type {number} */ address, /** @type {number} */ nbytes) {
      return new Uint8Array(this.memory.buffer, address, nbytes);
    }

    /**
     * Run calls in order, each [kernel, units, grain, words, words...]; return what the first that failed said, or "".
     * @param {number} address @param {number} nbytes
     */
    run(address, nbytes) {
      const words = new Int32Array(this.memory.buffer, address, nbytes / 4);
      this.failure = "";
      for (let i = 0; i < words.length; i += 4 + words[i + 3]) this.call(words[i], address + 4 * i + 16, words[i + 1], words[i + 2]);
      return this.failure;
    }

    /** @param {number} number @param {number} dynamic @param {number} units @param {number} grain */
    call(number, dynamic, units, grain) {
      const fail = (/** @type {unknown} */ error) => { this.failure ||= `${error} in ${this.about[number].name}`; };
      const many = units >= 2 * grain;
      if (many && !this.started) this.start();
      if (many && this.ready() > 1) {
        this.together(number, dynamic, units, grain, fail);
      } else {
        try { this.kernels[number](dynamic, 0, units); } catch (error) { fail(error); }
      }
    }

    /**
     * Compute chunks of a call's units, and wait for those that others have taken.
     * @param {number} number @param {number} dynamic @param {number} units @param {number} grain @param {(error: unknown) => void} fail
     */
    together(number, dynamic, units, grain, fail) {
      const state = /** @type {Int32Array} */ (this.state), about = this.about[number];
      if (!about.sent) for (const worker of this.workers) worker.postMessage({ number, module: about.module });
      about.sent = true;
      const chunks = Math.min(Math.floor(units / grain), this.threads * CHUNKS_PER_THREAD, 255);
      state.set([number, dynamic, units, chunks], JOB);
      Atomics.store(state, DONE, 0);
      this.jobs = (this.jobs + 1) & 0x7fffff;
      Atomics.store(state, TICKET, (this.jobs << 8) | chunks);
      Atomics.notify(state, TICKET);
      const start = performance.now();
      work(state, this.kernels, fail);
      if (!this.finish(state, chunks, Math.max(this.patience, 100 * (performance.now() - start)))) {
        this.close();
        fail(new Error("a thread that does not answer"));
      }
      const bytes = Atomics.exchange(state, FAILED, 0);
      if (bytes) fail(new TextDecoder().decode(this.view(4 * (FAILED + 1), bytes).slice()));
    }

    /** Wait until all chunks are done; tell whether they were before patience was lost. */
    finish(/** @type {Int32Array} */ state, /** @type {number} */ chunks, /** @type {number} */ patience) {
      let spins = 0, waited = 0, last = 0;
      for (let done; (done = Atomics.load(state, DONE)) < chunks; ) {
        if (++spins < SPINS) continue;
        if (this.mayWait) Atomics.wait(state, DONE, done, NAP);
        const now = performance.now();
        if (last) waited += Math.min(now - last, NAP); // a computer that slept was not waiting
        if (waited > patience) return false;
        last = now;
      }
      return true;
    }

    /** End the workers; what runs from then on runs here. */
    close() {
      for (const worker of this.workers) worker.terminate();
      this.workers = [];
    }
  }

  return { create: (/** @type {number} */ threads) => new Player(threads) };
})();
