// @ts-check
/** Models in IndexedDB, laid out as TensorFlow.js does, so that either reads the other's. Models are JSON texts and bytes here. */

const [DATABASE, VERSION, MODELS, INFOS] = ["tensorflowjs", 1, "models_store", "model_info_store"];

/** @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => [MODELS, INFOS].forEach((name) => request.result.createObjectStore(name, { keyPath: "modelPath" }));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Run `work` on both stores in one transaction: all of it happens or nothing. Return the result of the request that it returns.
 * @param {IDBTransactionMode} mode
 * @param {(models: IDBObjectStore, infos: IDBObjectStore) => IDBRequest} work
 * @returns {Promise<any>}
 */
async function transact(mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction([MODELS, INFOS], mode, { durability: "strict" });
      try {
        const request = work(transaction.objectStore(MODELS), transaction.objectStore(INFOS));
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
  await transact("readwrite", (models, infos) => {
    infos.put({ modelPath: name, modelArtifactsInfo });
    return models.put({ modelPath: name, modelArtifacts, modelArtifactsInfo });
  });
}

/**
 * Return the artifacts but for the weights as JSON, and the weights; undefined if there is no such model.
 * @param {string} name
 */
export async function read(name) {
  const found = await transact("readonly", (models) => models.get(name));
  if (!found) return undefined;
  const { weightData, ...model } = found.modelArtifacts;
  return { model: JSON.stringify(model), weights: weightData && new Uint8Array(await new Blob([weightData].flat()).arrayBuffer()) };
}

/**
 * Remove a model and return its info as JSON, undefined if there is none.
 * @param {string} name
 */
export async function remove(name) {
  const found = await transact("readwrite", (models, infos) => {
    const request = infos.get(name);
    infos.delete(name);
    models.delete(name);
    return request;
  });
  return found && JSON.stringify(found.modelArtifactsInfo);
}

/** Return the infos of all models as JSON: [[name, info]]. */
export async function list() {
  const found = await transact("readonly", (_, infos) => infos.getAll());
  return JSON.stringify(found.map((/** @type {any} */ { modelPath, modelArtifactsInfo }) => [modelPath, modelArtifactsInfo]));
}
