"""TensorFlow.js's layers for language against what TensorFlow.js 4.22 gave (generate_tfjs.mjs), and what it leaves undone."""

import json
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.layers.nlp import CachedMultiHeadAttention
from tensorweb.naming import to_snake_case

DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "tfjs_nlp.json").read_text())
# How parts of a decoder are called here, in the order in which the generator sets their weights.
DECODER = ("_self_attention_layernorm", "_feedforward_intermediate_dense", "_feedforward_output_dense")
PROJECTIONS = ("_query_dense", "_key_dense", "_value_dense", "_output_dense")


def snake(options):
    return {to_snake_case(k): v for k, v in options.items()}


def made_of(value):
    if not isinstance(value, dict):
        return value
    dtype = {"float32": "float32", "int32": "int32", "bool": "bool", "string": "string"}[value["dtype"]]
    return tw.tensor([bool(v) if dtype == "bool" else v for v in value["values"]], tuple(value["shape"]), dtype)


def same(got, want):
    if want is None:
        return got is None
    if isinstance(want, list):
        return len(got) == len(want) and all(same(g, w) for g, w in zip(got, want))
    flat = tw.reshape(got, (-1,)).tolist()
    if list(got.shape) != want["shape"]:
        return False
    if want["dtype"] == "string":
        return flat == want["values"]
    return all(abs(float(g) - float(w)) <= 1e-5 * max(1.0, abs(float(w))) for g, w in zip(flat, want["values"]))


def run_tokenizer(case, args):
    tokenizer = tw.layers.BytePairTokenizer(**args)
    if case["method"] == "tokenize":
        return tokenizer.tokenize(case["call"]["text"])
    return tokenizer.detokenize([tw.tensor(row) for row in case["call"]["ids"]])


def run_packer(case, args):
    call = snake(case["call"])
    rows = [tw.tensor(r) for r in call.pop("rows")]
    return list(tw.layers.StartEndPacker(**args).call_and_return_padding_mask(rows, **call))


def run_positions(case, args):
    layer, x = tw.layers.PositionEmbedding(**args), made_of(case["call"]["x"])
    layer.build(x.shape)
    layer.set_weights([made_of(w) for w in case["weights"]])
    return layer(x, start_index=case["call"]["startIndex"])


def set_parts(parts, weights):
    values = iter(weights)
    for part in parts:
        part.set_weights([made_of(next(values)) for _ in part.weights])


def run_attention(case, args):
    layer, call = CachedMultiHeadAttention(**args), {k: made_of(v) for k, v in snake(case["call"]).items()}
    x = call.pop("x")
    layer.build(x.shape, x.shape)
    set_parts([getattr(layer, p) for p in PROJECTIONS], case["weights"])
    return list(layer.call_and_return_cache(x, x, **call))


def run_decoder(case, args):
    layer, call = tw.layers.TransformerDecoder(**args), snake(case["call"])
    x = made_of(call.pop("x"))
    layer.build(x.shape)
    attention = layer._self_attention_layer
    set_parts([*(getattr(attention, p) for p in PROJECTIONS), *(getattr(layer, p) for p in DECODER)], case["weights"])
    return layer(x, **{k: tw.tensor(v, dtype="int32") if isinstance(v, list) else v for k, v in call.items()})


RUN = {
    "BytePairTokenizer": run_tokenizer, "StartEndPacker": run_packer, "PositionEmbedding": run_positions,
    "CachedMultiHeadAttention": run_attention, "TransformerDecoder": run_decoder,
}  # fmt: skip
@pytest.mark.parametrize("layer", RUN)
def test_as_in_tensorflow_js(layer):
    wrong, count = [], 0
    for case in (c for c in CASES if c["layer"] == layer):
        count += 1
        args = {to_snake_case(k): v for k, v in case["args"].items()}
        got = RUN[layer](case, args)
        if not same(got, case["out"]):
            wrong.append((case["args"], case["call"], got, case["out"]))
    assert count and not wrong, "\n".join(str(w) for w in wrong[:5])


VOCABULARY = {"<|endoftext|>": 0, "b": 1, "u": 2, "butter": 3, "fly": 4, "f": 5, "l": 6, "y": 7, "Ġ": 8}
MERGES = ["b u", "t t", "e r", "bu tt", "butt er", "f l", "fl y"]


@pytest.fixture
def tokenizer():
    return tw.layers.GPT2Tokenizer(VOCABULARY, MERGES)


def test_gpt2_tokenizer(tokenizer):
    assert (tokenizer.start_token_id, tokenizer.end_token_id, tokenizer.pad_token_id) == (0, 0, 0)
    assert [t.tolist() for t in tokenizer(["butterfly<|endoftext|>"])] == [[3, 4, 0]]
    assert tokenizer(tokenizer(["butterfly", "fly"]), mode="detokenize").tolist() == ["butterfly", "fly"]
    assert tokenizer.vocabulary_size == 9 and tokenizer.id_to_token(3) == "butter" and tokenizer.token_to_id("fly") == 4
    again = type(tokenizer).from_config(json.loads(json.dumps(tokenizer.get_config())))
    assert again.vocabulary == tokenizer.vocabulary and again.merges == MERGES
    with pytest.raises(ValueError, match="endoftext"):
        tw.layers.GPT2Tokenizer({"a": 1}, [])
    with pytest.raises(ValueError, match="mode"):
        tokenizer(["a"], mode="other")


def test_gpt2_preprocessor(tokenizer):
    layer = tw.layers.GPT2Preprocessor(tokenizer, sequence_length=5)
    assert layer(["butterfly"]).tolist() == [[0, 3, 4, 0, 0]]
    assert layer.call_and_return_padding_mask(["butterfly"])["padding_mask"].tolist() == [[True, True, True, True, False]]
    x, y, weight = layer.call_and_pack_args(["fly"], tw.tensor([1]), tw.tensor([0.5]), sequence_length=3)
    assert x["token_ids"].tolist() == [[0, 4, 0]] and y.tolist() == [1] and weight.tolist() == [0.5]
    with pytest.raises(ValueError, match="one segment"):
        layer([tw.tensor(["a"]), tw.tensor(["b"])])
    again = tw.saving.deserialize_keras_object(json.loads(json.dumps(tw.saving.serialize_keras_object(layer))))
    assert again(["butterfly"]).tolist() == [[0, 3, 4, 0, 0]]


def test_gpt2_causal_lm_preprocessor(tokenizer):
    layer = tw.layers.GPT2CausalLMPreprocessor(tokenizer, sequence_length=4)
    x, y, weight = layer.call_and_pack_args(["butterfly"])
    assert x["token_ids"].tolist() == [[0, 3, 4, 0]] and y.tolist() == [[3, 4, 0, 0]]
    assert weight.tolist() == [[True, True, True, False]]
    prompt = layer.generate_preprocess(["butterfly"])
    assert prompt["token_ids"].tolist() == [[0, 3, 4, 0]] and prompt["padding_mask"].tolist() == [[True, True, True, False]]
    assert layer.generate_postprocess(prompt).tolist() == ["butterfly"]


def test_backbone_learns_and_comes_back():
    model = tw.layers.GPT2Backbone(vocabulary_size=9, num_layers=2, num_heads=2, hidden_dim=4, intermediate_dim=8, dropout=0.0)
    inputs = {"token_ids": tw.tensor([[1, 2, 3]]), "padding_mask": tw.tensor([[1, 1, 0]])}
    before = model(inputs)
    # The hidden position changes nothing elsewhere.
    other = model({**inputs, "token_ids": tw.tensor([[1, 2, 7]])})
    assert before[:, :2].tolist() == other[:, :2].tolist() and before.tolist() != other.tolist()
    with tw.GradientTape() as tape:
        loss = tw.sum(tw.square(model(inputs) - 1.0))
    assert all(g is not None for g in tape.gradient(loss, model.trainable_weights))
    again = tw.layers.GPT2Backbone.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert again(inputs).tolist() == before.tolist() and model.token_embedding.input_dim == 9


def test_cached_steps_equal_one_call():
    layer, x = tw.layers.TransformerDecoder(8, 2), tw.random.normal((1, 4, 6), seed=1)
    whole = layer(x, use_causal_mask=True)
    cache = tw.zeros((1, 2, 4, 2, 3))
    for i in range(4):
        out, cache, _ = layer.call_and_return_caches(
            x[:, i : i + 1], self_attention_cache=cache, self_attention_cache_update_index=i, use_causal_mask=True
        )
        assert max(abs(a - b) for a, b in zip(out[0, 0].tolist(), whole[0, i].tolist())) < 1e-5
    with pytest.raises(ValueError, match="cross-attention"):
        layer(x, x)


class Classifier(tw.layers.Task):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.head = tw.layers.Dense(1)

    def call(self, inputs):
        return self.head(tw.mean(self.backbone(inputs), axis=1))


@pytest.mark.parametrize("as_dataset", [False, True])
def test_task_trains_on_raw_texts(tokenizer, as_dataset):
    backbone = tw.layers.GPT2Backbone(vocabulary_size=9, num_layers=1, num_heads=1, hidden_dim=2, intermediate_dim=2)
    task = Classifier(backbone=backbone, preprocessor=tw.layers.GPT2Preprocessor(tokenizer, sequence_length=4))
    task.compile("sgd", "mse")
    texts, labels = tw.tensor(["butterfly", "fly", "b u", "fly fly"]), tw.tensor([[1.0], [0.0], [1.0], [0.0]])
    x = (tw.data.Dataset.from_tensor_slices((texts, labels)).batch(2),) if as_dataset else (texts, labels)
    assert len(task.fit(*x, batch_size=None if as_dataset else 2, epochs=2, verbose=0).history["loss"]) == 2
    assert task.predict(texts, verbose=0).shape == (4, 1) and task.evaluate(*x, verbose=0) >= 0


def test_reverse_embedding_shares_the_matrix():
    embedding = tw.layers.Embedding(5, 3)
    layer = tw.layers.ReverseEmbedding(embedding)
    assert layer(tw.ones((2, 3))).shape == (2, 5)
    assert [w is embedding.embeddings for w in layer.weights] == [True]
    with pytest.raises(NotImplementedError):
        tw.layers.Tokenizer()(tw.tensor(["a"]))


def test_pipeline_model_prepares_raw_samples():
    class Doubled(tw.layers.PipelineModel):
        def preprocess_features(self, x):
            return x * 2

        def preprocess_labels(self, y):
            return y + 1

    inputs = tw.Input((1,))
    x, y = tw.tensor([[1.0], [2.0]]), tw.tensor([[1.0], [3.0]])
    for included, want in ((True, [[2.0], [4.0]]), (False, [[1.0], [2.0]])):
        model = Doubled(inputs, tw.layers.Dense(1, kernel_initializer="ones")(inputs), include_preprocessing=included)
        model.compile("sgd", "mse")
        assert model.predict(x, verbose=0).tolist() == want and model.predict_on_batch(x).tolist() == want
        assert model.evaluate(x, y, verbose=0) == (0.0 if included else 0.5)
        model.train_on_batch(x, y)


def test_whitespace_tokenizer():
    tokenizer = tw.layers.WhitespaceSplitterTokenizer()
    assert [t.tolist() for t in tokenizer.tokenize(tw.tensor(["this is a test", "one"]))] == [["this", "is", "a", "test"], ["one"]]
    assert tokenizer.detokenize([["this", "is"], ["one"]]).tolist() == ["this is", "one"]
    with pytest.raises(ValueError, match="strings"):
        tokenizer.tokenize(tw.tensor([1]))
