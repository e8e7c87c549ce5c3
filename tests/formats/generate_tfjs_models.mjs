// Writes tests/data/models/tfjs_*.json: models as @tensorflow/tfjs saves them (artifacts in one JSON file), and what they predict.
// Run: node tests/formats/generate_tfjs_models.mjs <folder with node_modules/@tensorflow/tfjs> tests/data/models
import {createRequire} from 'node:module';
import {writeFileSync} from 'node:fs';
import {resolve} from 'node:path';

const require = createRequire(resolve(process.argv[2]) + '/');
const tf = require('@tensorflow/tfjs');
await tf.setBackend('cpu');
const L = tf.layers;

const values = (shape, kind) => {
  const n = shape.reduce((a, b) => a * b, 1);
  const list = Array.from({length: n}, (_, i) => kind === 'int' ? (i * 7) % 5 : Math.sin(i + 1));
  return tf.tensor(list, shape, kind === 'int' ? 'int32' : 'float32');
};

const makers = {
  sequential() {
    const model = tf.sequential({name: 'seq', layers: [
      L.conv2d({inputShape: [8, 8, 3], filters: 2, kernelSize: 3, activation: 'relu', kernelRegularizer: tf.regularizers.l2({l2: 0.01})}),
      L.batchNormalization(), L.depthwiseConv2d({kernelSize: 2}), L.leakyReLU({alpha: 0.2}), L.separableConv2d({filters: 3, kernelSize: 2}),
      L.maxPooling2d({}), L.dropout({rate: 0.5}), L.flatten(), L.dense({units: 2, activation: 'softmax', kernelConstraint: 'maxNorm'})]});
    model.compile({optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy']});
    return [model, [[8, 8, 3]]];
  },
  several() {
    const a = tf.input({shape: [6], name: 'a'}), b = tf.input({shape: [6], name: 'b'});
    const shared = L.dense({units: 4, activation: 'tanh', name: 'shared'});
    const inner = tf.sequential({name: 'inner', layers: [L.dense({units: 3, inputShape: [4], name: 'in1'}), L.batchNormalization({name: 'in2'})]});
    const y = inner.apply(L.add().apply([shared.apply(a), shared.apply(b)]));
    const z = inner.apply(L.reLU().apply(shared.apply(a)));
    const model = tf.model({inputs: [a, b], outputs: [L.dense({units: 1, name: 'o1'}).apply(y), L.concatenate({name: 'o2'}).apply([y, z])]});
    model.compile({optimizer: tf.train.rmsprop(0.01), loss: ['meanSquaredError', 'meanAbsoluteError']});
    return [model, [[6], [6]]];
  },
  recurrent() {
    const i = tf.input({shape: [5, 4]});
    let x = L.bidirectional({layer: L.lstm({units: 2, returnSequences: true}), mergeMode: 'concat'}).apply(i);
    x = L.rnn({cell: [L.gruCell({units: 2}), L.simpleRNNCell({units: 3})], returnSequences: true}).apply(x);
    x = L.timeDistributed({layer: L.dense({units: 2, activation: 'hardSigmoid'})}).apply(x);
    x = L.gru({units: 2, recurrentActivation: 'sigmoid'}).apply(x);
    return [tf.model({inputs: i, outputs: x}), [[5, 4]]];
  },
  text() {
    const model = tf.sequential({layers: [
      L.embedding({inputDim: 7, outputDim: 3, inputLength: 6, maskZero: true}), L.lstm({units: 2}), L.elu()]});
    return [model, [[6]], 'int'];
  },
  nested() {
    const i = tf.input({shape: [5], name: 'inside'});
    const inner = tf.model({name: 'within', inputs: i, outputs: L.dense({units: 4, name: 'second'}).apply(L.layerNormalization({name: 'norm'}).apply(L.dense({units: 6, name: 'first'}).apply(i)))});
    const o = tf.input({shape: [5], name: 'outside'});
    const model = tf.model({inputs: o, outputs: L.dense({units: 2, name: 'last', activation: 'swish'}).apply(inner.apply(o))});
    model.compile({optimizer: tf.train.momentum(0.1, 0.9), loss: 'meanSquaredError'});
    return [model, [[5]]];
  },
  pooled() {
    const i = tf.input({shape: [9, 9, 2]});
    let x = L.zeroPadding2d({padding: [[1, 2], [0, 1]]}).apply(i);
    x = L.conv2dTranspose({filters: 3, kernelSize: 3, strides: 2, padding: 'same'}).apply(x);
    x = L.cropping2D({cropping: [[1, 1], [2, 1]]}).apply(x);
    x = L.averagePooling2d({poolSize: 2}).apply(L.prelu({sharedAxes: [1, 2]}).apply(x));
    x = L.upSampling2d({size: [2, 2]}).apply(x);
    x = L.permute({dims: [3, 1, 2]}).apply(L.activation({activation: 'hardSigmoid'}).apply(x));
    return [tf.model({inputs: i, outputs: L.globalMaxPooling2d({}).apply(x)}), [[9, 9, 2]]];
  },
};

const flat = async (outputs) => Promise.all((Array.isArray(outputs) ? outputs : [outputs]).map(
    async (t) => ({s: t.shape, v: Array.from(await t.data())})));

for (const [name, make] of Object.entries(makers)) {
  const [model, shapes, kind] = make();
  model.setWeights(model.getWeights().map((w, i) => tf.tensor(
      Array.from({length: w.size}, (_, k) => Math.abs(Math.cos(k + i)) * 0.5), w.shape)));
  const inputs = shapes.map((s) => values([4, ...s], kind));
  const x = inputs.length === 1 ? inputs[0] : inputs;
  const compiled = model.optimizer != null;
  let y;
  if (compiled) {
    const out = model.predict(x);
    y = (Array.isArray(out) ? out : [out]).map((o) => values(o.shape).square());
    y = y.length === 1 ? y[0] : y;
    for (let i = 0; i < 3; i++) await model.trainOnBatch(x, y);
  }
  const outputs = await flat(model.predict(x));
  let saved;
  await model.save(tf.io.withSaveHandler(async (a) => { saved = a; return {modelArtifactsInfo: {}}; }), {includeOptimizer: compiled});
  const {weightData, ...artifacts} = saved;
  let trained;
  if (compiled && name !== 'sequential') {
    for (let i = 0; i < 3; i++) await model.trainOnBatch(x, y);
    trained = await flat(model.predict(x));
  }
  const data = Buffer.from(tf.io.CompositeArrayBuffer.join(weightData)).toString('base64');
  writeFileSync(`${process.argv[3]}/tfjs_${name}.json`, JSON.stringify(
      {version: tf.version.tfjs, shapes, kind: kind || 'float', artifacts, data, outputs, trained}));
}
