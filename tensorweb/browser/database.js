// @ts-check
/**
 * What the page's site keeps in IndexedDB: models, laid out as TensorFlow.js does, so that either reads the other's, and files of servers.
 * Models are JSON texts and bytes here.
 */

/** @typedef {{ name: string, stores: string[], keyPath: string }} Database */
/** @type {Database} */ const MODELS = { name: "tensorflowjs", stores: ["models_store", "model_info_store"], keyPath: "modelPath" };
/** @type {Database} */ const FILES = { name: "tensorweb", stores: ["files"], keyPath: "key" };

/** @param {Database} which @returns {Promise<IDBDatabase>} */
function opened({ name, stores, keyPath }) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => stores.forEach((store) => request.result.createObjectStore(store, { keyPath }));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Run `work` on a database's stores in one transaction: all of it happens or nothing. Return the result of the request that it returns.
 * @param {Database} which
 * @param {IDBTransactionMode} mode
 * @param {(...stores: IDBObjectStore[]) => IDBRequest} work
 * @returns {Promise<any>}
 */
async function transact(which, mode, work) {
  const database = await opened(which);
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(which.stores, mode, { durability: "strict" });
      try {
        const request = work(...which.stores.map((store) => transaction.objectStore(store)));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error ?? new DOMException("the browser gave up", "AbortError"));
      } catch (error) {
        transaction.abort();
        reject(error);
      }
    });
  } finally {
    database.close();
  }
}

/**
 * @param {string} name
 * @param {string} model the artifacts but for the weights, as JSON
 * @param {Uint8Array[] | undefined} parts the bytes of the weights
 * @param {string} info
 */
export async function write(name, model, parts, info) {
  const modelArtifacts = JSON.parse(model);
  if (parts) modelArtifacts.weightData = await new Blob(/** @type {BlobPart[]} */ (parts)).arrayBuffer();
  const told = JSON.parse(info);
  const modelArtifactsInfo = { ...told, dateSaved: new Date(told.dateSaved) };
  await transact(MODELS, "readwrite", (models, infos) => {
    infos.put({ modelPath: name, modelArtifactsInfo });
    return models.put({ modelPath: name, modelArtifacts, modelArtifactsInfo });
  });
}

/**
 * Return the artifacts but for the weights as JSON, and the weights; undefined if there is no such model.
 * @param {string} name
 */
export async function read(name) {
  const found = await transact(MODELS, "readonly", (models) => models.get(name));
  if (!found) return undefined;
  const { weightData, ...model } = found.modelArtifacts;
  return { model: JSON.stringify(model), weights: weightData && new Uint8Array(await new Blob([weightData].flat()).arrayBuffer()) };
}

/**
 * Remove a model and return its info as JSON, undefined if there is none.
 * @param {string} name
 */
export async function remove(name) {
  const found = await transact(MODELS, "readwrite", (models, infos) => {
    const request = infos.get(name);
    infos.delete(name);
    models.delete(name);
    return request;
  });
  return found && JSON.stringify(found.modelArtifactsInfo);
}

/** Return the infos of all models as JSON: [[name, info]]. */
export async function list() {
  const found = await transact(MODELS, "readonly", (_, infos) => infos.getAll());
  return JSON.stringify(found.map((/** @type {any} */ { modelPath, modelArtifactsInfo }) => [modelPath, modelArtifactsInfo]));
}

/**
 * Keep a file of a server.
 * @param {string} key
 * @param {string} told what is told of it, as JSON
 * @param {Uint8Array[]} parts
 */
export async function keep(key, told, parts) {
  const body = await new Blob(/** @type {BlobPart[]} */ (parts)).arrayBuffer();
  await transact(FILES, "readwrite", (files) => files.put({ key, told, body }));
}

/**
 * Return what is told of a file that was kept, and its bytes; undefined if there is none.
 * @param {string} key
 */
export async function kept(key) {
  const found = await transact(FILES, "readonly", (files) => files.get(key));
  return found && { told: found.told, body: new Uint8Array(found.body) };
}

/** Forget all files; return their number. */
export async function forget() {
  return await transact(FILES, "readwrite", (files) => {
    const request = files.count();
    files.clear();
    return request;
  });
}
