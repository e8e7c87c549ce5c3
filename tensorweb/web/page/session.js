// @ts-check
/** The life of the worker as the page sees it: started, running, stopped, started anew. It knows nothing of the page's looks. */

/** @typedef {{ok: boolean, stopped: boolean, error: string, line: number | null, backend: string | null, seconds: number}} Result */
/** @typedef {{pyodide: string, library: string, later: Object<string, string>, script: string | null, files: string[]}} Site */
/** @typedef {{source: string, name: string, backend?: string, flags?: string}} Request */

const PATIENCE_MS = 2000; // after that a script that does not stop by itself loses its worker

/**
 * Return the address of the script or of a file beside it.
 * @param {string} path
 */
export const fileAddress = (path) => `files/${path.split("/").map(encodeURIComponent).join("/")}`;

export class Session {
  /** @type {Worker} */ worker;
  /** Settled when the worker can run scripts. @type {Promise<any>} */ ready;
  /** @type {Uint8Array | undefined} */ interrupt;
  /** @type {((result: Result) => void) | undefined} */ finish;

  /**
   * @param {Site} site
   * @param {(event: any) => void} tell is called with every message of the worker, and with {type: "state", state} as things change
   */
  constructor(site, tell) {
    this.site = site;
    this.tell = tell;
    this.state = "starting";
    /** @type {Promise<{close(): void}> | undefined} */ this.services = undefined;
    this.start();
  }

  /** Start a worker. */
  start() {
    this.change("starting");
    this.interrupt = self.crossOriginIsolated ? new Uint8Array(new SharedArrayBuffer(1)) : undefined;
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.worker = worker;
    this.ready = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        if (data.type === "ready") {
          this.change("ready");
          resolve(data);
        } else if (data.type === "failed") {
          this.change("failed");
          reject(new Error(data.error));
        } else if (data.type === "done") {
          this.end(data);
          if (data.fatal) this.replace();
        } else if (data.type === "services") {
          this.services = import(data.url).then(({ serve }) => serve(data.port)); // what workers have not: browser/services.js
        }
        this.tell(data);
      };
      worker.onerror = ({ message }) => {
        if (this.state !== "starting") return void this.tell({ type: "out", stream: "stderr", text: `${message}\n` }); // of JavaScript that a script made
        this.change("failed");
        reject(new Error(message || "the worker could not be loaded"));
      };
    });
    this.ready.catch((error) => this.tell({ type: "failed", error: String(error) }));
    const base = document.baseURI;
    worker.postMessage({
      type: "boot",
      pyodide: new URL(this.site.pyodide, base).href,
      library: new URL(this.site.library, base).href,
      later: Object.fromEntries(Object.entries(this.site.later).map(([module, path]) => [module, new URL(path, base).href])),
      files: this.site.files.map((path) => ({ path, url: new URL(fileAddress(path), base).href })),
      screen: { width: screen.width, height: screen.height, ratio: devicePixelRatio },
      interrupt: this.interrupt?.buffer,
    });
  }

  /**
   * Run a script and return how it ended; one at a time.
   * @param {Request} request
   * @returns {Promise<Result>}
   */
  async run({ source, name, backend = "", flags = "" }) {
    if (this.finish) throw new Error("a script runs already");
    const ended = new Promise((resolve) => (this.finish = resolve));
    await this.ready.catch((error) => {
      this.finish = undefined;
      throw error;
    });
    this.change("running");
    this.worker.postMessage({ type: "run", source, name, backend, flags });
    return ended;
  }

  /** Stop the script: at its next Python instruction where memory is shared, where it awaits, or else by ending its worker. */
  stop() {
    const { finish } = this;
    if (!finish) return;
    if (this.interrupt) this.interrupt[0] = 2; // SIGINT
    this.worker.postMessage({ type: "stop" });
    setTimeout(() => { if (finish === this.finish) this.restart(); }, this.interrupt ? PATIENCE_MS : PATIENCE_MS / 10);
  }

  /** End the script with its worker, whatever it does. */
  restart() {
    this.end({ ok: false, stopped: true, error: "", line: null, backend: null, seconds: 0 });
    this.replace();
  }

  /** Start another worker in place of this one. */
  replace() {
    this.worker.terminate();
    this.start();
  }

  /** @param {Result} result */
  end(result) {
    const finish = this.finish;
    this.finish = undefined;
    this.services?.then(({ close }) => close()); // a camera must not outlive the script
    this.change("ready");
    finish?.(result);
  }

  /** @param {string} state */
  change(state) {
    this.state = state;
    this.tell({ type: "state", state });
  }
}
