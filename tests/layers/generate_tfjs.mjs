// Writes tests/data/tfjs_nlp.json: what TensorFlow.js 4.22's layers for language give. They are not exported from its bundles, so that
// the sources in dist/ are imported, whose imports lack extensions.
//   node tests/layers/generate_tfjs.mjs FOLDER_WITH_NODE_MODULES
import { writeFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const modules = join(resolve(process.argv[2]), 'node_modules');
const hooks = `
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
let modules;
export function initialize(folder) { modules = folder; }
export async function resolve(name, context, next) {
  if (name === 'seedrandom') {
    const text = "const s = globalThis.require('seedrandom'); export const alea = s.alea; export default s;";
    return {url: 'data:text/javascript,' + encodeURIComponent(text), format: 'module', shortCircuit: true};
  }
  if (name.startsWith('@tensorflow/')) {
    const [scope, pack, ...rest] = name.split('/');
    const base = join(modules, scope, pack, ...(rest.length ? rest : ['dist/index']));
    const path = [base, base + '.js', join(base, 'index.js')].find(p => p.endsWith('.js') && existsSync(p));
    return next(pathToFileURL(path).href, context);
  }
  if (name.startsWith('.') && context.parentURL?.startsWith('file:')) {
    const base = join(dirname(fileURLToPath(context.parentURL)), name);
    const path = [base, base + '.js', join(base, 'index.js')].find(p => p.endsWith('.js') && existsSync(p));
    if (path) return next(pathToFileURL(path).href, context);
  }
  return next(name, context.parentURL?.startsWith('file:') ? context : {...context, parentURL: pathToFileURL(join(modules, 'x.js')).href});
}
export async function load(url, context, next) {
  return next(url, url.includes('/@tensorflow/') && url.endsWith('.js') ? {...context, format: 'module'} : context);
}
`;
globalThis.require = createRequire(join(modules, 'x.js'));
register('data:text/javascript,' + encodeURIComponent(hooks), {data: modules});

const layers = join(modules, '@tensorflow/tfjs-layers/dist/layers/nlp');
const load = path => import(pathToFileURL(join(layers, path)).href);
const tf = await import(pathToFileURL(join(modules, '@tensorflow/tfjs-core/dist/index.js')).href);
await import(pathToFileURL(join(modules, '@tensorflow/tfjs-backend-cpu/dist/index.js')).href);
await import(pathToFileURL(join(modules, '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js')).href);
await tf.setBackend('cpu');

let state = 1;
const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
const values = (...shape) => tf.tensor(Array.from({length: shape.reduce((a, b) => a * b, 1)}, () => Math.fround(random() - 0.5)), shape);
const plain = t => t == null ? null : Array.isArray(t) ? t.map(plain) : {values: Array.from(t.dataSync()), shape: t.shape, dtype: t.dtype};
const cases = [];
const note = (layer, args, method, call, out, more = {}) => cases.push({layer, args, method, call, out, ...more});

// --- tokens and packing ---
const { BytePairTokenizer } = await load('tokenizers.js');
const { StartEndPacker } = await load('preprocessing/start_end_packer.js');
const vocabulary = {'butter': 1, 'fly': 2, 'b': 3, 'u': 4, 't': 5, 'Ġ': 6, 'Ġfly': 7, '<|endoftext|>': 8, 'é': 9, '!': 10, 'Ã©': 11, 'f': 12, 'l': 13, 'y': 14};
const merges = ['b u', 't t', 'e r', 'bu tt', 'butt er', 'f l', 'fl y', 'Ġ fly', 'Ã ©'];
const texts = ['butterfly', 'butter fly', ' fly', 'butter  fly ', 'b!u t', "butter's fly", 'é日b', '', 'butter<|endoftext|>fly', 'fly\nfly', 'sfly 12', 'a<|endoftext|>', 'butter ६ fly'];
for (const options of [{}, {sequenceLength: 3}, {addPrefixSpace: true}, {unsplittableTokens: ['<|endoftext|>']}, {unsplittableTokens: ['s f', 'tt'], sequenceLength: 4}]) {
  for (const text of texts) {
    const made = new BytePairTokenizer({vocabulary: new Map(Object.entries(vocabulary)), merges, ...options});
    try {
      note('BytePairTokenizer', {vocabulary, merges, ...options}, 'tokenize', {text: [text]}, plain(made.tokenize(tf.tensor([text]))));
    } catch (error) { console.log('no case:', text, String(error).slice(0, 80)); }
  }
}
const tokenizer = new BytePairTokenizer({vocabulary: new Map(Object.entries(vocabulary)), merges});
note('BytePairTokenizer', {vocabulary, merges}, 'detokenize', {ids: [[1, 2], [7, 99]]}, plain(tokenizer.detokenize([tf.tensor([1, 2]), tf.tensor([7, 99])])));
for (const args of [{sequenceLength: 5}, {sequenceLength: 6, startValue: 1, endValue: 2}, {sequenceLength: 4, startValue: 7, padValue: 9}, {sequenceLength: 4, endValue: 2}]) {
  for (const rows of [[[5, 6, 7]], [[5, 6, 7], [8, 9, 10, 11]].slice(0, args.endValue ? 2 : 1), [[3]]]) {
    for (const flags of [{}, {addStartValue: true, addEndValue: false}, {addStartValue: false, addEndValue: true}]) {
      const made = new StartEndPacker(args);
      const full = Object.keys(flags).length ? flags : undefined;
      try {
        const [out, mask] = made.callAndReturnPaddingMask(rows.map(r => tf.tensor(r, [r.length], 'int32')), full);
        note('StartEndPacker', args, 'callAndReturnPaddingMask', {rows, ...flags}, [plain(out), plain(mask)]);
      } catch (error) { console.log('no case:', JSON.stringify(args), String(error).slice(0, 80)); }
    }
  }
}
const words = new StartEndPacker({sequenceLength: 4, startValue: '[', endValue: ']', padValue: '-'});
note('StartEndPacker', {sequenceLength: 4, startValue: '[', endValue: ']', padValue: '-'}, 'callAndReturnPaddingMask', {rows: [['a'], ['b', 'c', 'd']]},
  plain(words.callAndReturnPaddingMask([tf.tensor(['a']), tf.tensor(['b', 'c', 'd'])])));

// --- positions ---
const { PositionEmbedding } = await load('modeling/position_embedding.js');
for (const startIndex of [0, 2]) {
  const made = new PositionEmbedding({sequenceLength: 6}), x = values(2, 3, 4), w = values(6, 4);
  made.build([null, 3, 4]);
  made.setWeights([w]);
  note('PositionEmbedding', {sequenceLength: 6}, 'call', {x: plain(x), startIndex}, plain(made.call(x, {startIndex})), {weights: [plain(w)]});
}

// --- attention with a cache, decoder blocks ---
const { CachedMultiHeadAttention } = await load('modeling/cached_multihead_attention.js');
const { TransformerDecoder } = await load('modeling/transformer_decoder.js');
const setAll = list => list.flatMap(layer => {
  const own = layer.getWeights().map(w => values(...w.shape));
  layer.setWeights(own);
  return own.map(plain);
});
const parts = a => [a.queryDense, a.keyDense, a.valueDense, a.outputDense];
function buildAll(a, features, heads, size) {
  for (const dense of [a.queryDense, a.keyDense, a.valueDense]) dense.build([null, null, features]);
  a.outputDense.build([null, null, heads, size]);
}
for (const index of [null, 0, 2]) {
  for (const cached of [false, true]) {
    if (!cached && index != null) continue;
    const made = new CachedMultiHeadAttention({numHeads: 2, keyDim: 3}), length = cached ? 5 : 2;
    made.buildFromSignature([null, 2, 4], [null, 2, 4]);
    buildAll(made, 4, 2, 3);
    const weights = setAll(parts(made)), x = values(2, 2, 4), cache = cached ? values(2, 2, length, 2, 3) : null;
    for (const masked of [false, true]) {  // no row is all hidden: what is left then differs with the size of minus infinity
      const mask = masked ? tf.tensor(Array.from({length: 4 * length}, (_, i) => i % length === 1 || random() < 0.6 ? 1 : 0), [2, 2, length], 'bool') : null;
      const out = made.callAndReturnCache(x, {value: x, attentionMask: mask, cache, cacheUpdateIndex: index});
      note('CachedMultiHeadAttention', {numHeads: 2, keyDim: 3}, 'callAndReturnCache', {x: plain(x), attentionMask: plain(mask), cache: plain(cache), cacheUpdateIndex: index}, plain(out), {weights});
    }
  }
}
for (const options of [{}, {activation: 'gelu', normalizeFirst: true}, {layerNormEpsilon: 0.1}, {activation: 'tanh', numHeads: 1}]) {
  for (const call of [{}, {useCausalMask: true}, {decoderPaddingMask: [[1, 1, 0], [1, 1, 1]]}, {decoderPaddingMask: [[1, 0, 0], [1, 1, 1]], useCausalMask: true},
    {decoderAttentionMask: [[[1, 0, 1], [1, 1, 1], [0, 0, 1]], [[1, 1, 1], [1, 0, 0], [0, 1, 1]]]}]) {
    const args = {intermediateDim: 5, numHeads: 2, ...options}, made = new TransformerDecoder(args);
    try {
      made.build([null, 3, 4]);
      buildAll(made.selfAttentionLayer, 4, args.numHeads, 4 / args.numHeads);
      const weights = setAll([...parts(made.selfAttentionLayer), made.selfAttentionLayernorm, made.feedforwardIntermediateDense, made.feedforwardOutputDense]);
      const x = values(2, 3, 4), kwargs = {};
      for (const [k, v] of Object.entries(call)) kwargs[k] = Array.isArray(v) ? tf.tensor(v, undefined, 'int32') : v;
      note('TransformerDecoder', args, 'call', {x: plain(x), ...call}, plain(made.call(x, kwargs)), {weights});
    } catch (error) { console.log('no case:', JSON.stringify([options, call]), String(error.stack).slice(0, 300)); }
  }
}

const rounded = (k, v) => typeof v === 'number' && !Number.isInteger(v) ? Number(v.toPrecision(9)) : v;
writeFileSync('tests/data/tfjs_nlp.json', '[\n' + cases.map(c => JSON.stringify(c, rounded)).join(',\n') + '\n]\n');
console.log(cases.length, 'cases');
