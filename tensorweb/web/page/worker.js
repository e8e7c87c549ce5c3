// @ts-check
/**
 * The worker: loads Pyodide and the library, runs scripts, and tells the page what happens. It knows nothing of the page's looks.
 *
 * In:  {type: "boot", pyodide, library, later, files, screen, interrupt} · {type: "run", source, name, backend, flags} · {type: "stop"}
 * Out: {type: "ready", python, backends} · {type: "out", stream, text} · {type: "picture", kind, content, title} · {type: "failed", error}
 *      {type: "done", ...} with what Runner.run tells, and `fatal` if Python itself is dead
 */

/** @type {any} */ let python;
/** @type {any} */ let runner;
let interrupt = new Uint8Array(1); // shared with the page where memory can be
const askAgain = () => void (interrupt[0] = 2); // SIGINT

/** What a script prints goes out at once, unless it prints so much that messages would drown the page: then in bundles. */
const output = {
  /** @type {{stream: string, text: string}[]} */ held: [],
  since: 0,
  sent: 0,
  /** @param {string} stream @param {string} text */
  write(stream, text) {
    const last = output.held.at(-1);
    if (last && last.stream === stream) last.text += text;
    else output.held.push({ stream, text });
    const now = performance.now();
    if (now - output.since > 100) [output.since, output.sent] = [now, 0];
    if (output.sent < 50) output.flush();
  },
  /** Send what was held for long enough. */
  overdue() {
    if (output.held.length && performance.now() - output.since > 100) output.flush();
  },
  flush() {
    output.sent += 1;
    for (const part of output.held.splice(0)) postMessage({ type: "out", ...part });
  },
};

/**
 * Where Python asks, every so many instructions, whether it is interrupted. No timer runs in a worker while a script computes, so this is
 * also when what it printed before goes out.
 */
const pulse = {
  get 0() {
    output.overdue();
    return interrupt[0];
  },
  set 0(signal) {
    interrupt[0] = signal;
  },
};

/** @param {string} stream */
function writer(stream) {
  const decoder = new TextDecoder();
  return {
    isatty: true, // progress bars are drawn again in their line
    /** @param {Uint8Array} bytes */
    write(bytes) {
      output.write(stream, decoder.decode(bytes, { stream: true }));
      return bytes.length;
    },
  };
}

/** @param {string} url */
async function load(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: the server answered ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/**
 * The same without awaiting, as an import in Python needs it; workers may do so.
 * @param {string} url
 */
function loadNow(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${url}: the server answered ${request.status}`);
  return new Uint8Array(request.response);
}

/**
 * Make a file that is fetched when Python first asks for its content or size, and is an ordinary one from then on. (Emscripten's own lazy
 * files cannot be written to.)
 * @param {string} path @param {string} url
 */
function makeFile(path, url) {
  python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
  const node = python.FS.create(path);
  const settle = () => {
    /** @type {Uint8Array} */ let contents;
    try {
      contents = loadNow(url);
    } catch {
      throw new python.FS.ErrnoError(29); // an error of input and output
    }
    const settled = { contents, usedBytes: contents.length };
    for (const [key, value] of Object.entries(settled)) Object.defineProperty(node, key, { value, writable: true });
  };
  for (const key of ["contents", "usedBytes"]) {
    const get = () => (settle(), node[key]);
    const set = (/** @type {any} */ value) => (settle(), (node[key] = value));
    Object.defineProperty(node, key, { get, set, configurable: true });
  }
}

/** @param {any} setup */
async function boot(setup) {
  // What Python may ask about the page around it: the screen bounds the memory a GPU is likely to have.
  /** @type {any} */ (self).tensorweb = { screen: setup.screen };
  const [library, made] = await Promise.all([
    load(setup.library),
    import(`${setup.pyodide}pyodide.mjs`).then((module) => module.loadPyodide({ indexURL: setup.pyodide })),
  ]);
  python = made;
  python.setStdout(writer("stdout"));
  python.setStderr(writer("stderr"));
  python.unpackArchive(library, "wheel", { extractDir: python.runPython("import site; site.getsitepackages()[0]") });
  for (const { path, url } of setup.files) makeFile(`/home/pyodide/${path}`, url);
  if (setup.interrupt) interrupt = new Uint8Array(setup.interrupt);
  python.setInterruptBuffer(pulse);
  const scope = python.toPy({});
  scope.set("wheels", python.toPy(setup.later));
  scope.set("load", loadNow);
  scope.set("ask_again", askAgain);
  scope.set("post", (/** @type {string} */ kind, /** @type {any} */ content, /** @type {string} */ title) => {
    const bytes = content.toJs();
    output.flush();
    postMessage({ type: "picture", kind, content: bytes, title }, { transfer: [bytes.buffer] });
  });
  const told = python.runPython(STARTED, { globals: scope });
  runner = scope.get("runner");
  // Python can die: of memory that is not there, or a fault of its own. Nothing else tells of it.
  python._api.on_fatal = (/** @type {any} */ error) => end({ ...FAILED, fatal: true, error: String(error) });
  postMessage({ type: "ready", ...JSON.parse(told) });
}

const STARTED = `
import json, platform, signal, sys
import tensorweb
from tensorweb.web import later, pictures
from tensorweb.web.runner import Runner

for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(line_buffering=True)
later.fetch_later(wheels, lambda url: load(url).to_bytes())
pictures.post_to(post)
runner = Runner("/home/pyodide", ask_again)
signal.signal(signal.SIGINT, runner.interrupt)
json.dumps({"python": platform.python_version(), "version": tensorweb.__version__, "backends": tensorweb.registered_backends()})
`;

const FAILED = { ok: false, stopped: false, error: "", line: null, backend: null, seconds: 0 };

/** @param {any} request */
async function run(request) {
  interrupt[0] = 0;
  const scope = python.toPy({ source: request.source, name: request.name, backend: request.backend, flags: request.flags });
  scope.set("runner", runner);
  let told;
  try {
    // Only below runPythonAsync may Python wait for a promise without an await.
    told = JSON.parse(await python.runPythonAsync("await runner.run(source, name, backend, flags)", { globals: scope }));
  } catch (/** @type {any} */ error) {
    if (error.pyodide_fatal_error) return; // that is told already
    const stopped = /KeyboardInterrupt/.test(String(error)); // it came when the script had just ended
    told = { ...FAILED, stopped, error: stopped ? "" : String(error) };
  }
  scope.destroy();
  end(told);
}

/** @param {any} told */
function end(told) {
  output.flush();
  postMessage({ type: "done", ...told });
}

onmessage = ({ data }) => {
  if (data.type === "boot") boot(data).catch((error) => postMessage({ type: "failed", error: String(error) }));
  else if (data.type === "run") run(data);
  else if (data.type === "stop" && runner?.stop()) askAgain(); // it comes while a script awaits, or waits in the middle for a GPU
};
