// The page of the peers: each has a worker of its own, by number.

const workers = new Map();

window.ask = (number, request) => new Promise((resolve) => {
  if (!workers.has(number)) workers.set(number, new Worker('peers/page_worker.js'));
  const worker = workers.get(number);
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => resolve({ error: message ?? 'the worker could not be loaded' });
  worker.postMessage(request);
});

window.end = (number) => {
  workers.get(number)?.terminate();
  workers.delete(number);
};
