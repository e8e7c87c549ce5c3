// TensorWeb in a worker of a page, below Pyodide; tensorweb_page.py is Python's half.

let python, bench, workload;

const get = async (address) => (await fetch(address)).arrayBuffer();

// The same without awaiting, as an import in Python needs it.
function getNow(address) {
  const request = new XMLHttpRequest();
  request.open('GET', address, false);
  request.responseType = 'arraybuffer';
  request.send();
  return new Uint8Array(request.response);
}

export async function prepare() {
  const { loadPyodide } = await import('/pyodide/pyodide.mjs');
  python = await loadPyodide({ indexURL: '/pyodide/' });
}

export async function load() {
  const { library, later, files } = await (await fetch('/bench.json')).json();
  const packages = python.runPython('import site; site.getsitepackages()[0]');
  python.unpackArchive(await get(`/${library}`), 'wheel', { extractDir: packages });
  for (const file of files) {
    const path = `${packages}/${file}`;
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf('/')));
    python.FS.writeFile(path, new Uint8Array(await get(`/python/${file}`)));
  }
  bench = await python.runPythonAsync('from bench.peers import tensorweb_page as bench\nbench');
  bench.fetch_later(python.toPy(later), getNow);
  return bench.version;
}

export const setUp = (variant, threads) => bench.set_up(variant, threads);

export async function build(about, given) {
  const values = Object.entries(given).map(([name, { shape, data }]) => [name, shape, data]);
  workload = bench.Workload(JSON.stringify(about), values);
  const call = () => workload.repeat(1, true);
  call.repeat = (number, waits) => workload.repeat(number, waits);
  return call;
}

export const arrays = async () => (await workload.arrays()).map(([shape, data]) => ({ shape, data }));

export const note = () => workload.note();
