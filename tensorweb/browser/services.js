// @ts-check
/**
 * What only the main thread of a page has: cameras, microphones, sensors, localStorage, downloads, and asking the user for files.
 * services.py calls `settle` there. From a worker it sends its page the address of this script and a port; the page imports it and
 * calls `serve`.
 */

/** What gives one value after another until it is closed. @typedef {{told: Object<string, any>, next(request: any): Promise<any>, close(): void}} Source */

const START_MS = 3000; // within which a sensor gives its first value, if there is one

/** @param {number} ms */
const pause = (ms) => new Promise((go) => setTimeout(go, ms));

/** @param {string} name @param {string} text @returns {never} */
function refuse(name, text) {
  throw new DOMException(text, name);
}

/** @param {MediaStreamConstraints} wanted */
function capture(wanted) {
  if (!navigator.mediaDevices) refuse("SecurityError", "a page that came by https, or from this machine, is needed");
  return navigator.mediaDevices.getUserMedia(wanted);
}

/** @param {MediaStream} stream */
const end = (stream) => stream.getTracks().forEach((track) => track.stop());

/** @param {{video?: string | HTMLVideoElement, device?: string, facing?: string, width?: number, height?: number}} options @returns {Promise<Source>} */
async function camera({ video, device, facing, width, height }) {
  const element = typeof video === "string" ? document.querySelector(video) : (video ?? document.createElement("video"));
  if (!(element instanceof HTMLVideoElement)) refuse("TypeError", `${video} is no video element of the page`);
  const size = { width: element.width || width, height: element.height || height };
  const stream = await capture({ video: { deviceId: device, facingMode: facing, ...size } });
  try {
    element.muted = true;
    element.playsInline = true;
    element.srcObject = stream;
    await element.play();
  } catch (error) {
    end(stream);
    throw error;
  }
  return {
    told: { width: element.videoWidth, height: element.videoHeight },
    next() {
      if (!stream.active) refuse("NotReadableError", "the camera was switched off");
      return createImageBitmap(element);
    },
    close() {
      end(stream);
      element.srcObject = null;
    },
  };
}

/** @param {{constraints?: MediaTrackConstraints, rate?: number, size: number, smoothing: number}} options @returns {Promise<Source>} */
async function microphone({ constraints, rate, size, smoothing }) {
  const stream = await capture({ audio: constraints ?? true });
  const context = new AudioContext(rate ? { sampleRate: rate } : {});
  const close = () => {
    end(stream);
    context.close();
  };
  try {
    await Promise.race([context.resume(), pause(START_MS)]);
    if (context.state !== "running") refuse("NotAllowedError", "sound does not start: a page needs a click in it, and a sound device");
    const analyser = new AnalyserNode(context, { fftSize: 2 * size, smoothingTimeConstant: smoothing });
    context.createMediaStreamSource(stream).connect(analyser);
    const sound = new Float32Array(size);
    for (let i = 0; i < 20 && sound.every((v) => v === 0); i++) {
      await pause(50); // until sound comes through, or silence
      analyser.getFloatTimeDomainData(sound);
    }
    return { told: { rate: context.sampleRate }, next: (request) => listen(analyser, request), close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * @param {AnalyserNode} analyser
 * @param {{frames: number, columns: number, spectrogram: boolean, waveform: boolean}} request
 */
async function listen(analyser, { frames, columns, spectrogram, waveform }) {
  const size = analyser.frequencyBinCount;
  const heard = { spectrogram: new Float32Array(spectrogram ? frames * columns : 0), waveform: new Float32Array(waveform ? frames * size : 0) };
  const bins = new Float32Array(size);
  const began = performance.now();
  for (let i = 0; i < frames; i++) {
    await pause(began + ((i + 1) * size * 1000) / analyser.context.sampleRate - performance.now());
    if (analyser.context.state === "closed") refuse("AbortError", "the microphone was closed");
    if (spectrogram) {
      analyser.getFloatFrequencyData(bins);
      heard.spectrogram.set(bins.subarray(0, columns), i * columns);
    }
    if (waveform) analyser.getFloatTimeDomainData(heard.waveform.subarray(i * size, (i + 1) * size));
  }
  return heard;
}

/** The latest value of a sensor: who asks gets what nobody had yet, and waits for it; what came before it is dropped. */
class Latest {
  /** @type {{value?: any, error?: Error} | undefined} */ fresh;
  /** @type {(() => void) | undefined} */ wake;
  began = false;

  /** @param {{value?: any, error?: Error}} fresh */
  put(fresh) {
    this.began = true;
    this.fresh = fresh;
    this.wake?.();
  }

  async take() {
    if (!this.fresh) {
      const waits = [new Promise((/** @type {(value?: any) => void} */ go) => (this.wake = go))];
      await Promise.race(this.began ? waits : [...waits, pause(START_MS)]);
    }
    const { fresh } = this;
    this.fresh = undefined;
    if (!fresh) refuse("NotFoundError", "no sensor spoke");
    if (fresh.error) throw fresh.error;
    return fresh.value;
  }
}

/** @returns {Promise<Source>} */
async function motion() {
  const asked = /** @type {any} */ (DeviceMotionEvent).requestPermission; // Safari's
  if (asked && (await asked.call(DeviceMotionEvent)) !== "granted") refuse("NotAllowedError", "the user refused");
  const latest = new Latest();
  const listener = (/** @type {DeviceMotionEvent} */ { acceleration: own, accelerationIncludingGravity: all }) => {
    const values = [all?.x, all?.y, all?.z, own?.x, own?.y, own?.z].map((v) => v ?? NaN);
    if (values.every(Number.isNaN)) latest.put({ error: new DOMException("the device has none", "NotFoundError") });
    else latest.put({ value: new Float32Array(values) });
  };
  addEventListener("devicemotion", listener);
  return { told: {}, next: () => latest.take(), close: () => removeEventListener("devicemotion", listener) };
}

/** @param {PositionOptions} options @returns {Promise<Source>} */
async function location(options) {
  const latest = new Latest();
  latest.began = true; // it says itself when it waited too long
  const watch = navigator.geolocation.watchPosition(
    ({ coords, timestamp }) => {
      const { latitude, longitude, accuracy, altitude, altitudeAccuracy, heading, speed } = coords;
      const values = [latitude, longitude, accuracy, altitude, altitudeAccuracy, heading, speed].map((v) => v ?? NaN);
      latest.put({ value: new Float64Array([...values, timestamp / 1000]) });
    },
    ({ code, message }) => latest.put({ error: new DOMException(message, ["", "NotAllowedError", "NotFoundError", "TimeoutError"][code]) }),
    options,
  );
  return { told: {}, next: () => latest.take(), close: () => navigator.geolocation.clearWatch(watch) };
}

/** @type {Object<string, (options: any) => Promise<Source>>} */
const kinds = { camera, microphone, motion, location };
/** @type {Map<number, Source>} */
const sources = new Map();
let opened = 0;
let programs = 0;

/** Close whatever is open: the program that opened it has ended. */
function close() {
  programs += 1;
  for (const source of sources.values()) source.close();
  sources.clear();
}

/** @type {Object<string, (...given: any[]) => any>} */
const services = {
  hello: () => true,
  /** @param {string} kind @param {any} options */
  async open(kind, options) {
    const program = programs;
    const source = await kinds[kind](options);
    if (program !== programs) {
      source.close();
      refuse("AbortError", "the program that asked has ended");
    }
    sources.set(++opened, source);
    return { ...source.told, number: opened };
  },
  /** @param {number} number @param {any} request */
  next: (number, request) => sources.get(number)?.next(request) ?? refuse("AbortError", "it was closed"),
  /** @param {number} number */
  close(number) {
    sources.get(number)?.close();
    sources.delete(number);
  },
  /** @param {string} prefix */
  localKeys: (prefix) => Object.keys(localStorage).filter((key) => key.startsWith(prefix)),
  /** @param {string[]} keys */
  localRead: (keys) => Object.fromEntries(keys.map((key) => [key, localStorage.getItem(key)]).filter(([, text]) => text !== null)),
  /** Write all entries, or none. @param {Object<string, string>} entries */
  localWrite(entries) {
    const keys = Object.keys(entries);
    const before = services.localRead(keys);
    try {
      for (const key of keys) localStorage.setItem(key, entries[key]);
    } catch (error) {
      services.localRemove(keys); // first room for what was there
      for (const key in before) localStorage.setItem(key, before[key]);
      throw error;
    }
  },
  /** @param {string[]} keys */
  localRemove: (keys) => keys.forEach((key) => localStorage.removeItem(key)),
  /** @param {{name: string, type: string, content: Uint8Array<ArrayBuffer>}[]} files */
  async download(files) {
    for (const { name, type, content } of files) {
      const href = URL.createObjectURL(new Blob([content], { type }));
      Object.assign(document.createElement("a"), { download: name, href }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
      await pause(100); // of downloads that begin at once, a browser may keep only the last
    }
  },
  /** Browsers open their own dialog only on a click: so a dialog of the page asks for it. @param {{accept: string, multiple: boolean, title: string}} options */
  pick({ accept, multiple, title }) {
    const dialog = document.createElement("dialog");
    const input = Object.assign(document.createElement("input"), { type: "file", accept, multiple, title });
    const cancel = Object.assign(document.createElement("button"), { textContent: "Cancel" });
    dialog.append(Object.assign(document.createElement("p"), { textContent: title }), input, cancel);
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
      input.onchange = () => dialog.close();
      cancel.onclick = () => dialog.close();
      dialog.onclose = () => {
        dialog.remove();
        resolve([...(input.files ?? [])]);
      };
    });
  },
};

/**
 * Return what a service gives, or why not.
 * @param {string} service
 * @param {any[]} given
 */
export async function settle(service, given) {
  try {
    return { value: await services[service](...given), error: undefined };
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    return { value: undefined, error: [name, message] };
  }
}

/**
 * Answer a worker's questions, each {id, service, given}; one without an id wants no answer. Return what closes all that it opened.
 * @param {MessagePort} port
 */
export function serve(port) {
  port.onmessage = async ({ data: { id, service, given } }) => {
    const answer = await settle(service, given);
    if (id === undefined) return;
    port.postMessage({ id, ...answer }, answer.value instanceof ImageBitmap ? [answer.value] : []);
  };
  return { close };
}
