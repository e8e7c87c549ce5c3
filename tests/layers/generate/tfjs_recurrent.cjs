// Cases of TensorFlow.js's recurrent layers: NODE_PATH=... node tests/layers/generate/tfjs_recurrent.cjs > tests/data/tfjs_recurrent.json
const tf = require('@tensorflow/tfjs');

function data(shape, seed) {
  const n = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(Array.from({length: n}, (_, i) => Math.fround(Math.sin((i + 1) * (seed + 1.3)) * 0.9)), shape);
}

const flat = (t) => ({shape: t.shape, values: Array.from(t.dataSync(), (v) => Number(v.toPrecision(9)))});
const L = tf.layers;
const LAYERS = [
  [() => L.gru({units: 3}), [2, 4, 2]],
  [() => L.gru({units: 3, recurrentActivation: 'sigmoid', returnSequences: true, goBackwards: true}), [2, 4, 2]],
  [() => L.gru({units: 2, useBias: false, returnSequences: true, returnState: true}), [2, 3, 2]],
  [() => L.lstm({units: 3}), [2, 4, 2]],
  [() => L.lstm({units: 3, unitForgetBias: false, recurrentActivation: 'sigmoid', returnSequences: true}), [2, 4, 2]],
  [() => L.lstm({units: 2, returnState: true, activation: 'relu', implementation: 1}), [2, 3, 2]],
  [() => L.simpleRNN({units: 3, returnSequences: true}), [2, 4, 2]],
  [() => L.rnn({cell: [L.gruCell({units: 2}), L.lstmCell({units: 3})], returnSequences: true}), [2, 4, 2]],
  [() => L.rnn({cell: L.simpleRNNCell({units: 2, activation: 'sigmoid'})}), [2, 4, 2]],
  [() => L.bidirectional({layer: L.lstm({units: 2}), mergeMode: 'concat'}), [2, 4, 2]],
  [() => L.bidirectional({layer: L.gru({units: 2, returnSequences: true}), mergeMode: 'ave'}), [2, 4, 2]],
  [() => L.bidirectional({layer: L.gru({units: 2, returnSequences: true}), mergeMode: 'mul'}), [2, 4, 2]],
  [() => L.timeDistributed({layer: L.dense({units: 2, activation: 'tanh'})}), [2, 4, 3]],
  [() => L.convLstm2d({filters: 2, kernelSize: 2, returnSequences: true}), [1, 3, 4, 4, 1]],
  [() => L.convLstm2d({filters: 2, kernelSize: [2, 3], padding: 'same', strides: 2}), [1, 2, 5, 5, 2]],
];

const cases = LAYERS.map(([make, shape]) => {
  const layer = make();
  const x = data(shape, 0);
  const input = tf.input({shape: shape.slice(1)});
  const output = layer.apply(input);
  const model = tf.model({inputs: input, outputs: output});
  layer.setWeights(layer.getWeights().map((w, i) => data(w.shape, i + 1)));
  const made = model.predict(x);
  return {
    layer: layer.getClassName(), config: layer.getConfig(), input: flat(x), weights: layer.getWeights().map(flat),
    outputs: (Array.isArray(made) ? made : [made]).map(flat),
  };
});
console.log(JSON.stringify(cases));
