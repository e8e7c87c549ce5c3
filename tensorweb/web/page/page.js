// @ts-check
/** The page: puts editor, console, pictures and the worker's session together. `window.tensorweb` is the same for programs (and tests). */

import { Console } from "./console.js";
import { Editor } from "./editor.js";
import { Session, fileAddress } from "./session.js";

/** @type {Record<string, string>} */
const STATES = { starting: "starting Python", ready: "ready", running: "running", failed: "Python could not be started" };
const PICTURES = 100; // of them the last are kept

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const flags = query.get("tensorwebflags") ?? "";
const site = await (await fetch("site.json")).json();
const lines = new Console(element("console"));
const editor = new Editor(element("editor"), element("numbers"), () => run());

let frames = 0;
function frame() {
  frames += 1;
  if (frames % 15 === 0) element("frames").textContent = `${frames} frames`;
  requestAnimationFrame(frame);
}
frame();

/** @type {((event: any) => void)[]} */ const listeners = [];
const tellers = {
  out: (/** @type {any} */ { stream, text }) => lines.write(stream, text),
  picture: (/** @type {any} */ event) => show(event),
  ready: (/** @type {any} */ { backends, python, version }) => {
    const picked = element("backend").value;
    element("backend").replaceChildren(...["", ...backends].map((name) => new Option(name || "automatic", name, false, name === picked)));
    element("state").title = `TensorWeb ${version}, Python ${python}, ${self.crossOriginIsolated ? "shared memory" : "no shared memory: one thread"}`;
  },
  failed: (/** @type {any} */ { error }) => lines.write("error", `${error}\n`),
  state: (/** @type {any} */ { state }) => {
    element("state").textContent = STATES[state];
    element("run").disabled = state !== "ready";
    element("stop").disabled = state !== "running";
  },
};
const session = new Session(site, (event) => {
  /** @type {any} */ (tellers)[event.type]?.(event);
  for (const listener of listeners) listener(event);
});

/** @param {{kind: string, content: Uint8Array<ArrayBuffer>, title: string}} picture */
function show({ kind, content, title }) {
  const image = new Image();
  image.alt = title;
  image.src = URL.createObjectURL(new Blob([content], { type: kind })); // as an image, an SVG runs no scripts and loads nothing
  image.onload = () => {
    image.classList.toggle("small", image.naturalWidth < 64);
    URL.revokeObjectURL(image.src);
  };
  const figure = document.createElement("figure");
  figure.append(image);
  if (title) figure.append(Object.assign(document.createElement("figcaption"), { textContent: title }));
  element("pictures").append(figure);
  if (element("pictures").children.length > PICTURES) element("pictures").firstChild.remove();
}

async function run() {
  if (element("run").disabled) return;
  lines.clear();
  element("pictures").replaceChildren();
  editor.mark(null);
  const result = await session.run({ source: editor.area.value, name: site.script ?? "playground.py", backend: element("backend").value, flags });
  if (result.error) lines.write("error", result.error);
  editor.mark(result.line);
  const where = result.backend ? ` on ${result.backend}` : "";
  lines.write("note", `\n${result.stopped ? "Stopped" : result.ok ? "Done" : "Failed"} after ${result.seconds.toFixed(2)} s${where}.\n`);
}

element("run").addEventListener("click", run);
element("stop").addEventListener("click", () => session.stop());
/** @type {any} */ (window).tensorweb = {
  session,
  listeners,
  get frames() {
    return frames;
  },
};

if (site.script) {
  document.title = `${site.script} · TensorWeb`;
  element("name").textContent = site.script;
  editor.open(await (await fetch(fileAddress(site.script))).text());
  await session.ready.then(run, () => {}); // why it failed is told already
} else {
  editor.openPlayground();
}
