// Drives a browser for the tests: reads a JSON object a line from stdin, {id, method, ...}, and answers {id, value} or {id, error}.
// Usage: node driver.mjs chromium|firefox [--headed] [--proxy=HOST:PORT]
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import puppeteer from "puppeteer-core";

const CHROMIUM = ["--headless=new", "--no-sandbox", "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
  "--disable-component-update", "--disable-default-apps", "--disable-sync", "--disable-quic", "--disable-dev-shm-usage", "--hide-scrollbars",
  "--enable-unsafe-webgpu", "--use-angle=swiftshader", "--use-webgpu-adapter=swiftshader", "--remote-debugging-port=0",
  "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
const FIREFOX = { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true, "webgl.force-enabled": true,
  "media.navigator.streams.fake": true, "media.navigator.permission.disabled": true, "media.cubeb.force_mock_context": true };

const [kind, ...options] = process.argv.slice(2);
const proxy = options.find((option) => option.startsWith("--proxy="))?.slice("--proxy=".length);
const profile = fs.mkdtempSync(path.join(os.tmpdir(), `tensorweb-${kind}-`));
const pages = new Map();

async function launch() {
  const common = { executablePath: process.env.BROWSER_PATH, protocolTimeout: 600_000 };
  if (kind === "chromium") {
    // Loopback addresses are asked of the proxy too: it sees all that the browser asks of anybody.
    const through = proxy ? [`--proxy-server=${proxy}`, "--proxy-bypass-list=<-loopback>"] : [];
    const args = [...CHROMIUM, ...through, `--user-data-dir=${profile}`, "about:blank"];
    return puppeteer.launch({ ...common, headless: true, ignoreDefaultArgs: true, args });
  }
  const env = { ...process.env, HOME: profile, LIBGL_ALWAYS_SOFTWARE: "1" };
  const headless = !options.includes("--headed");
  const extraPrefsFirefox = { ...FIREFOX, ...(proxy ? firefoxProxy(...proxy.split(":")) : {}) };
  const args = ["--remote-allow-system-access"];
  const firefox = await puppeteer.launch({ ...common, browser: "firefox", headless, userDataDir: profile, extraPrefsFirefox, env, args });
  await keepWorkersToThemselves(firefox.connection);
  return firefox;
}

/**
 * End that a driven Firefox listens for workers. With a listener there, a worker that makes a worker waits until that is registered, and
 * one time in twenty waits for ever (Firefox 153; never without a driver). Versions that have no such listener answer with an error.
 */
async function keepWorkersToThemselves(connection) {
  const { result } = await connection.send("browsingContext.getTree", { "moz:scope": "chrome" });
  const module = "chrome://remote/content/shared/js-process-actors/WebDriverWorkerListenerActor.sys.mjs";
  const expression = `ChromeUtils.importESModule("${module}").unregisterWebDriverWorkerListenerActor()`;
  await connection.send("script.evaluate", { expression, target: { context: result.contexts[0].context }, awaitPromise: true });
}

function firefoxProxy(host, port) {
  const prefs = { "network.proxy.type": 1, "network.proxy.no_proxies_on": "", "network.proxy.allow_hijacking_localhost": true };
  for (const scheme of ["http", "ssl"]) {
    prefs[`network.proxy.${scheme}`] = host;
    prefs[`network.proxy.${scheme}_port`] = Number(port);
  }
  return prefs;
}

const browser = await launch();

async function open() {
  const page = await browser.newPage();
  const requests = [];
  const errors = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  const crash = new Promise((_, reject) => page.on("error", reject)); // otherwise who waits for the page waits forever
  crash.catch(() => {});
  const id = pages.size + 1;
  pages.set(id, { page, requests, errors, crash });
  return id;
}

const methods = {
  version: () => browser.version(),
  open,
  goto: ({ page, url }) => page.goto(url, { waitUntil: "load" }).then(() => null),
  // Run code in each document that comes, before its own scripts.
  before: ({ page, code }) => page.evaluateOnNewDocument(code).then(() => null),
  reload: ({ page }) => page.reload({ waitUntil: "load" }).then(() => null),
  // Pages behind others do not draw, and get less of the processor.
  front: ({ page }) => page.bringToFront().then(() => null),
  // The code is the body of an async function of `argument`; its value comes back as JSON.
  evaluate: ({ page, code, argument }) => page.evaluate((body, given) => new (async () => {}).constructor("argument", body)(given), code, argument ?? null),
  click: ({ page, selector }) => page.click(selector),
  type: ({ page, selector, text }) => page.type(selector, text),
  down: ({ page, key }) => page.keyboard.down(key),
  up: ({ page, key }) => page.keyboard.up(key),
  press: ({ page, keys }) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve()),
  size: ({ page, width, height }) => page.setViewport({ width, height }),
  dark: ({ page, dark }) => page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]),
  screenshot: ({ page, file }) => page.screenshot({ path: file }).then(() => null),
  requests: ({ requests }) => requests,
  errors: ({ errors }) => errors,
  // Bytes that JavaScript uses in each worker, without garbage; Chromium only.
  heaps: ({ page }) => Promise.all(page.workers().map(async ({ client }) => {
    await client.send("HeapProfiler.collectGarbage");
    return (await client.send("Runtime.getHeapUsage")).usedSize;
  })),
  close: ({ page }) => page.close(),
};

async function quit() {
  await browser.close().catch(() => {});
  fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
}

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  const { id, method, ...given } = JSON.parse(line);
  let answer;
  try {
    const of = pages.get(given.page);
    answer = { id, value: (await Promise.race([methods[method]({ ...given, ...of }), of?.crash ?? new Promise(() => {})])) ?? null };
  } catch (error) {
    answer = { id, error: String(error?.stack ?? error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
lines.on("close", quit); // the tests ended, however they did
