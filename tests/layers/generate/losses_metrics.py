"""Write tests/data/keras_losses.jsonl and keras_metrics.jsonl from Keras: python -m tests.layers.generate losses_metrics

Losses: values, the gradient with respect to y_pred, configs. Metrics: the result after each update, the state, configs.
"""

# ruff: noqa: E731

import inspect
import json
from pathlib import Path

from tests.layers.generate.metric_cases import METRIC_OPTIONS, metric_cases
from tests.oracle.generate.common import encode, keras, np, tf, values, weight

DATA = Path(__file__).parents[2] / "data"
L = keras.losses
R = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")


def onehot(*shape, classes=3, seed=0):
    return np.eye(classes, dtype="float32")[values(*shape, seed=seed, low=0, high=classes - 1, dtype="int32")]


def unit(*shape, seed=0):
    x = values(*shape, seed=seed)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def probabilities(*shape, seed=0):
    x = values(*shape, seed=seed, low=0.05, high=1.0)
    return x / x.sum(-1, keepdims=True)


REAL = lambda: (values(4, 3, seed=1), values(4, 3, seed=2))
POSITIVE = lambda: (values(4, 3, seed=1, low=0.1), values(4, 3, seed=2, low=0.1))
BINARY = lambda: (values(4, 3, seed=1, low=0, high=1, dtype="int32"), values(4, 3, seed=2, low=0.05, high=0.95))
CLASSES = lambda: (onehot(4, seed=1), probabilities(4, 3, seed=2))
SPARSE = lambda: (values(4, seed=1, low=0, high=2, dtype="int32"), probabilities(4, 3, seed=2))
DENSE = lambda: (values(2, 4, 3, seed=1, low=0, high=1, dtype="int32"), values(2, 4, 3, seed=2, low=0.05, high=0.95))

# Class: (function, data, options)
LOSSES = {
    "MeanSquaredError": ("mean_squared_error", REAL, [{}]),
    "MeanAbsoluteError": ("mean_absolute_error", REAL, [{}]),
    "MeanAbsolutePercentageError": ("mean_absolute_percentage_error", REAL, [{}]),
    "MeanSquaredLogarithmicError": ("mean_squared_logarithmic_error", POSITIVE, [{}]),
    "CosineSimilarity": ("cosine_similarity", REAL, [{}, {"axis": 0}]),
    "Huber": ("huber", REAL, [{}, {"delta": 0.3}]),
    "LogCosh": ("log_cosh", REAL, [{}]),
    "KLDivergence": ("kl_divergence", CLASSES, [{}]),
    "Poisson": ("poisson", POSITIVE, [{}]),
    "Hinge": ("hinge", BINARY, [{}]),
    "SquaredHinge": ("squared_hinge", BINARY, [{}]),
    "CategoricalHinge": ("categorical_hinge", CLASSES, [{}]),
    "BinaryCrossentropy": (
        "binary_crossentropy", BINARY,
        [{}, {"from_logits": True}, {"label_smoothing": 0.2}, {"axis": 0}, {"from_logits": True, "label_smoothing": 0.1}],
    ),
    "BinaryFocalCrossentropy": (
        "binary_focal_crossentropy", BINARY,
        [{}, {"from_logits": True}, {"apply_class_balancing": True, "alpha": 0.6}, {"gamma": 0.5, "label_smoothing": 0.2}, {"axis": 0}],
    ),
    "CategoricalCrossentropy": (
        "categorical_crossentropy", CLASSES,
        [{}, {"from_logits": True}, {"label_smoothing": 0.2}, {"axis": 0}, {"axis": 0, "label_smoothing": 0.2}],
    ),
    "CategoricalFocalCrossentropy": (
        "categorical_focal_crossentropy", CLASSES,
        [{}, {"from_logits": True}, {"alpha": [0.2, 0.3, 0.5]}, {"gamma": 0.5, "label_smoothing": 0.2}, {"axis": 0},
         {"axis": 0, "label_smoothing": 0.1}],
    ),
    "SparseCategoricalCrossentropy": (
        "sparse_categorical_crossentropy", SPARSE, [{}, {"from_logits": True}, {"ignore_class": 1}, {"ignore_class": -1}],
    ),
    "CategoricalGeneralizedCrossEntropy": ("categorical_generalized_cross_entropy", SPARSE, [{"q": 0.5}, {"q": 0.9}]),
    "Dice": ("dice", DENSE, [{}, {"axis": [1, 2]}, {"axis": -1}]),
    "Tversky": ("tversky", DENSE, [{}, {"alpha": 0.3, "beta": 0.8}, {"axis": [1, 2]}]),
    "Circle": (
        "circle", lambda: (np.array([0, 1, 1, 2, 0], "int32"), unit(5, 4, seed=3)),
        [{}, {"gamma": 4.0, "margin": 0.25}, {"remove_diagonal": False, "gamma": 10.0}],
    ),
    "CTC": ("ctc", lambda: (np.array([[1, 2, 0], [3, 0, 0]], "int32"), values(2, 6, 4, seed=5)), [{}]),
}  # fmt: skip


def ask(call, y_pred):
    """Return Keras's answer and the gradient of sum(answer * cos(index)) with respect to y_pred, or how it refused."""
    x = tf.constant(y_pred)
    try:
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = call(x)
            total = tf.reduce_sum(out * weight(tuple(out.shape)).astype("float32"))
        gradient = tape.gradient(total, x)
    except Exception:  # whatever it is: ours must refuse too
        return {"error": True}
    return {"out": encode(out), "grad": None if gradient is None else encode(gradient)}


def function_case(name, y_true, y_pred, kwargs):
    return {
        "fn": name, "y_true": encode(y_true), "y_pred": encode(y_pred), "kwargs": encode(kwargs),
        **ask(lambda x: getattr(L, name)(y_true, x, **kwargs), y_pred),
    }  # fmt: skip


def class_case(name, init, y_true, y_pred, sample_weight=None, mask=None):
    def call(x):
        if mask is not None:
            x._keras_mask = tf.constant(mask)
        return getattr(L, name)(**init)(y_true, x, sample_weight)

    case = {"class": name, "init": encode(init), "y_true": encode(y_true), "y_pred": encode(y_pred)}
    if sample_weight is not None:
        case["sample_weight"] = encode(sample_weight)
    if mask is not None:
        case["mask"] = encode(mask)
    return {**case, **ask(call, y_pred)}


EDGES = np.array([[0.0, 1.0, -1.0], [1e-9, 1 - 1e-9, 0.5], [1e4, -1e4, 0.0]], "float32")


def loss_cases():
    for name, (fn, data, options) in LOSSES.items():
        for kwargs in options:
            y_true, y_pred = data()
            yield function_case(fn, y_true, y_pred, kwargs)
            yield class_case(name, kwargs, y_true, y_pred)
        yield from weighted(name, *data())
        if name not in ("CTC", "Circle", "SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"):
            yield from shapes(name, fn)
    for q in (0.0, 1.0):
        yield {"class": "CategoricalGeneralizedCrossEntropy", "init": {"dict": {"q": q}}, "error": True}
    yield from sparse_cases()
    yield from special_cases()


def weighted(name, y_true, y_pred):
    """Yield every reduction with weights of several ranks and masks."""
    rank, batch = (0 if name in ("Dice", "Tversky") else 1), len(y_true)
    per_sample = values(batch, seed=9, low=0.0, high=2.0)
    mask = np.arange(batch) % 2 == 0
    for reduction in R:
        yield class_case(name, {"reduction": reduction}, y_true, y_pred)
        yield class_case(name, {"reduction": reduction}, y_true, y_pred, 2.5)
        if rank:
            yield class_case(name, {"reduction": reduction}, y_true, y_pred, per_sample)
            yield class_case(name, {"reduction": reduction}, y_true, y_pred, per_sample, mask)
            yield class_case(name, {"reduction": reduction}, y_true, y_pred, None, mask)
    if rank:
        yield class_case(name, {}, y_true, y_pred, per_sample[:, None])
        yield class_case(name, {"reduction": None}, y_true, y_pred, per_sample[:, None])
        yield class_case(name, {}, y_true, y_pred, np.zeros(batch, "float32"))
        yield class_case(name, {"reduction": "mean_with_sample_weight"}, y_true, y_pred, np.zeros(batch, "float32"))
        yield class_case(name, {}, y_true, y_pred, None, np.zeros(batch, bool))


def shapes(name, fn):
    """Yield scalars' edges, ranks that differ by one, three dimensions, timesteps with weights and masks, wrong shapes."""
    if name not in ("Dice", "Tversky"):  # where such numbers cancel each other
        yield function_case(fn, EDGES, EDGES.T.copy(), {})
    yield function_case(fn, np.zeros((2, 3), "float32"), np.zeros((2, 3), "float32"), {})
    yield function_case(fn, np.ones((2, 3), "float32"), np.ones((2, 3), "float32"), {})
    if name not in ("Dice", "CategoricalFocalCrossentropy"):  # those sum before they broadcast: nothing that one could want
        yield function_case(fn, values(4, seed=1, low=0, high=1, dtype="int32"), values(4, 1, seed=2, low=0.1, high=0.9), {})
        yield function_case(fn, values(4, 1, seed=1, low=0, high=1, dtype="int32"), values(4, seed=2, low=0.1, high=0.9), {})
    yield function_case(fn, values(2, 3, 1, seed=1, low=0, high=1, dtype="int32"), values(2, 3, seed=2, low=0.1, high=0.9), {})
    yield function_case(fn, np.ones((2, 3), "float32"), np.ones((2, 4), "float32"), {})
    y_true, y_pred = values(2, 4, 3, seed=1, low=0, high=1, dtype="int32"), probabilities(2, 4, 3, seed=2)
    yield function_case(fn, y_true, y_pred, {})
    if name not in ("Dice", "Tversky"):
        for reduction in R:
            init = {"reduction": reduction}
            yield class_case(name, init, y_true, y_pred, values(2, 4, seed=4, low=0.0, high=2.0))
            yield class_case(name, init, y_true, y_pred, values(2, 4, 1, seed=4, low=0.0, high=2.0), values(2, 4, seed=6, dtype="bool"))
            yield class_case(name, init, y_true, y_pred, values(2, 1, seed=4, low=0.0, high=2.0), values(2, 4, seed=6, dtype="bool"))
        yield class_case(name, {}, y_true, y_pred, values(2, seed=4))
        yield class_case(
            name, {}, values(4, seed=1, low=0, high=1, dtype="int32"), values(4, 1, seed=2, low=0.1, high=0.9), values(4, seed=3)
        )
        yield class_case(name, {}, values(4, 1, seed=1, low=0, high=1, dtype="int32"), values(4, seed=2, low=0.1, high=0.9))
        if name != "CategoricalHinge":  # there Keras finds no maximum
            yield class_case(name, {}, np.zeros((0, 3), "float32"), np.zeros((0, 3), "float32"))
        yield class_case(name, {"dtype": "float16"}, *(values(4, 3, seed=s, low=0.1, high=0.9) for s in (1, 2)))


def sparse_cases():
    fn, name = "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"
    x = probabilities(2, 4, 3, seed=2)
    labels = values(2, 4, seed=1, low=0, high=2, dtype="int32")
    for kwargs in ({}, {"from_logits": True}, {"ignore_class": 0}, {"ignore_class": 2, "from_logits": True}):
        yield function_case(fn, labels, x, kwargs)
        yield function_case(fn, labels[..., None], x, kwargs)
        yield function_case(fn, labels.astype("float32"), x, kwargs)
        for reduction in R:
            yield class_case(name, {**kwargs, "reduction": reduction}, labels, x, values(2, 4, seed=4, low=0.0, high=2.0))
            yield class_case(name, {**kwargs, "reduction": reduction}, labels, x, None, values(2, 4, seed=6, dtype="bool"))
    yield class_case(name, {"ignore_class": 255}, np.array([[0, 255], [255, 255]], "int32"), x[:, :2])
    yield function_case(fn, np.array([0, 1, 2], "int32"), np.array([[0, 1, 0], [1, 0, 0], [0.3, 0.3, 0.4]], "float32"), {})
    yield function_case(
        "categorical_generalized_cross_entropy", np.array([0, 1], "int32"), np.array([[0, 1], [0, 1]], "float32"), {"q": 0.7}
    )


def special_cases():
    # With blanks among the labels TensorFlow's gradient is not that of its value.
    blanks = function_case("ctc", np.array([[1, 2, 0, 2], [1, 0, 2, 0]], "int32"), values(2, 6, 4, seed=7), {})
    yield {**blanks, "grad": None}
    images, p = values(2, 3, 4, seed=1, low=0, high=2, dtype="int32"), probabilities(2, 3, 4, 3, seed=3)
    yield function_case("categorical_generalized_cross_entropy", images, p, {"q": 0.7})
    yield class_case("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, images, p)
    labels, x = np.array([0, 1, 1, 2, 0], "int32"), unit(5, 4, seed=3)
    yield function_case("circle", np.arange(5, dtype="int32"), x, {})  # no positives
    yield function_case("circle", np.zeros(5, "int32"), x, {})  # no negatives
    yield function_case("circle", labels[:, None], x, {"gamma": 2.0})
    yield function_case("circle", labels, x, {"ref_labels": np.array([0, 1, 2], "int32"), "ref_embeddings": unit(3, 4, seed=8)})
    yield function_case("circle", labels, x, {"ref_labels": labels, "ref_embeddings": unit(5, 4, seed=8), "gamma": 3})
    yield function_case("ctc", np.zeros((2, 3), "int32"), values(2, 6, 4, seed=5), {})
    yield function_case("ctc", np.ones((2, 3), "int32"), values(2, 4, seed=5), {})
    for fn in ("hinge", "squared_hinge", "categorical_hinge"):
        yield function_case(fn, np.array([[-1, 1, 1], [1, -1, -1]], "int32"), values(2, 3, seed=2), {})
        yield function_case(fn, np.array([[-1, 0, 1], [1, 0, 0]], "float32"), values(2, 3, seed=2), {})
    for name in ("mean_squared_error", "mean_absolute_error"):
        yield function_case(name, np.array([[np.nan, 1.0]], "float32"), np.array([[0.0, np.inf]], "float32"), {})
        yield function_case(name, np.float32(1.0), np.float32(2.0), {})
        yield function_case(name, values(1, 3, seed=1), values(4, 3, seed=2), {})
    for fn in ("binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy"):
        x = np.array([[60.0, -60.0, 0.0], [500.0, -500.0, 1.0]], "float32")
        yield function_case(fn, np.array([[1, 0, 0], [0, 1, 0]], "float32"), x, {"from_logits": True})
        yield function_case(fn, values(2, 4, 3, seed=1, low=0, high=1, dtype="int32"), probabilities(2, 4, 3, seed=2), {"axis": 1})
    for reduction in ("foo", "auto"):
        yield {"class": "MeanSquaredError", "init": {"dict": {"reduction": reduction}}, "error": True}


def names(module):
    return [n for n in dir(module) if not n.startswith("_")]


def signatures(module):
    return {
        n: [(p.name, None if p.default is p.empty else repr(p.default)) for p in inspect.signature(getattr(module, n)).parameters.values()]
        for n in names(module) if n not in ("get", "serialize", "deserialize")
    }  # fmt: skip


def aliases(house):
    """Return what Keras's `get` knows by name: the name of a function or class each."""
    table = __import__(f"keras.src.{house}", fromlist=["x"]).ALL_OBJECTS_DICT
    return {k: table[k].__name__ for k in sorted(table)}


def configs(house, options):
    """Return for some objects of each class: the arguments, the config, the serialized form without what is set anew each time."""
    module = getattr(keras, house)
    made = [(name, init, getattr(module, name)(**init)) for name, init in options]
    return [{"class": n, "init": encode(i), "config": o.get_config(), "serialized": module.serialize(o)["module"]} for n, i, o in made]


def write(path, header, cases):
    """Write the header, then the cases; arrays that several cases share stand in the header and are named by their number."""
    cases, arrays = list(cases), {}

    def shared(value):
        if isinstance(value, dict) and "t" in value:
            return {"a": arrays.setdefault(json.dumps(value, separators=(",", ":")), len(arrays))}
        if isinstance(value, dict):
            return {k: shared(v) for k, v in value.items()}
        return [shared(v) for v in value] if isinstance(value, list) else value

    lines = [{k: v if k in ("out", "grad") else shared(v) for k, v in case.items()} for case in cases]
    texts = [json.dumps(line, separators=(",", ":")) for line in [header, *lines]]
    texts[0] = texts[0][:-1] + ',"arrays":[' + ",".join(arrays) + "]}"
    path.write_text("\n".join(texts) + "\n")
    print(path.name, len(lines), path.stat().st_size)


def header(house, options):
    module = getattr(keras, house)
    found = {"names": names(module), "signatures": signatures(module), "aliases": aliases(house), "configs": configs(house, options)}
    return json.loads(json.dumps(found, default=lambda v: np.asarray(v).tolist()))  # NumPy's numbers as Python's


def main():
    named = [(n, {**o, "name": "mine", "reduction": "sum"}) for n, (_, _, options) in LOSSES.items() for o in options]
    write(DATA / "keras_losses.jsonl", header("losses", [*((n, {}) for n in LOSSES), *named]), loss_cases())
    write(DATA / "keras_metrics.jsonl", header("metrics", METRIC_OPTIONS), metric_cases())
