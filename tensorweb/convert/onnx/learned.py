"""What scikit-learn's exporters write (domain ai.onnx.ml): linear models, trees, scalers, labels.

ZipMap, which makes maps of classes to probabilities, gives the table of probabilities as it is: columns in the order of its labels.
"""

from __future__ import annotations

from typing import Any

from .schema import ML
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op

MAX_DEPTH = 256  # of trees


def ml_op(*names: str) -> Any:
    """Define the translation of an op of the domain."""
    return onnx_op(*names, domain=ML)


def _floats(b: Scope, node: OnnxNode, name: str) -> Value | None:
    found = node.floats(name)
    return None if not found else b.const(found, [len(found)], "float32")


def _rows(b: Scope, x: Value) -> Value:
    """Return a float32 table."""
    x = b.cast(x, "float32")
    return b("ExpandDims", x, 0) if x.ndim == 1 else x


# --- tables ---


@ml_op("Scaler")
def scaler(b: Scope, node: OnnxNode, x: Value) -> Value:
    found, offset, scale = b.cast(x, "float32"), _floats(b, node, "offset"), _floats(b, node, "scale")
    found = found if offset is None else b("Sub", found, offset)
    return found if scale is None else b("Mul", found, scale)


@ml_op("Normalizer")
def normalizer(b: Scope, node: OnnxNode, x: Value) -> Value:
    found, kind = b.cast(x, "float32"), node.text("norm", "MAX")
    if kind == "L2":
        size = b("Sqrt", b("Sum", b("Square", found), [-1], keep_dims=True))
    else:
        size = b("Max" if kind == "MAX" else "Sum", found if kind == "MAX" else b("Abs", found), [-1], keep_dims=True)
    return b("SelectV2", b("Equal", size, 0.0), found, b("DivNoNan", found, size))


@ml_op("Binarizer")
def binarizer(b: Scope, node: OnnxNode, x: Value) -> Value:
    return b.typed(b.cast(b("Greater", x, b.like(node.float("threshold", 0.0), x)), x.dtype or "float32"), x.dtype)


@ml_op("Imputer")
def imputer(b: Scope, node: OnnxNode, x: Value) -> Value:
    values = _floats(b, node, "imputed_value_floats")
    if values is None or x.whole:
        raise Unsupported("it replaces integers")
    missing = node.float("replaced_value_float", float("nan"))
    return b("SelectV2", b("IsNan", x) if missing != missing else b("Equal", x, missing), values, x)


@ml_op("ArrayFeatureExtractor")
def array_feature_extractor(b: Scope, node: OnnxNode, x: Value, places: Value) -> Value:
    found = b("GatherV2", x, b.reshape(places, [-1]), b.rank(x) - 1, batch_dims=0)
    return b("ExpandDims", found, 0) if b.rank(x) == 1 else found


@ml_op("FeatureVectorizer")
def feature_vectorizer(b: Scope, node: OnnxNode, *parts: Value) -> Value:
    tables = [_rows(b, p) for p in parts]
    return b("ConcatV2", *tables, 1, N=len(tables)) if len(tables) > 1 else b("Identity", tables[0])


@ml_op("OneHotEncoder")
def one_hot_encoder(b: Scope, node: OnnxNode, x: Value) -> Value:
    numbers = node.ints("cats_int64s")
    labels = b.const(numbers, [len(numbers)], "int64") if numbers else _texts(b, node.texts("cats_strings", []))
    x = x if not numbers else b.cast(x, "int32")
    return b.cast(b("Equal", b("ExpandDims", x, -1), labels), "float32")


def _texts(b: Scope, values: list[str]) -> Value:
    return b.const(values, [len(values)], "string")


@ml_op("LabelEncoder")
def label_encoder(b: Scope, node: OnnxNode, x: Value) -> Value:
    keys, values = _pairs(b, node, "keys"), _pairs(b, node, "values")
    if keys is None or values is None:
        raise Unsupported("its keys and values are no lists")
    default: Any = node.int("default_int64", -1)
    if values.dtype != "int64":
        default = node.float("default_float", 0.0) if values.dtype == "float32" else node.text("default_string", "_Unused")
    same = b("Equal", b("ExpandDims", x, -1), keys)
    place = b("ArgMax", b.cast(same, "int32"), -1, output_type="int32")
    found = b("GatherV2", values, place, 0, batch_dims=0)
    return b.typed(b("SelectV2", b("Any", same, [-1], keep_dims=False), found, default), values.dtype)


def _pairs(b: Scope, node: OnnxNode, name: str) -> Value | None:
    for kind, read, dtype in (("int64s", node.ints, "int64"), ("floats", node.floats, "float32"), ("strings", node.texts, "string")):
        found = read(f"{name}_{kind}")
        if found:
            return b.const(found, [len(found)], dtype)
    return None


@ml_op("ZipMap")
def zip_map(b: Scope, node: OnnxNode, x: Value) -> Value:
    return b("Identity", x)




# --- linear models ---


def transformed(b: Scope, x: Value, kind: str) -> Value:
    """Return scores after the transformation that a model names."""
    if kind in ("NONE", ""):
        return x
    if kind == "LOGISTIC":
        return b("Sigmoid", x)
    if kind == "SOFTMAX":
        return b("Softmax", x)
    if kind == "SOFTMAX_ZERO":
        apart = b("Mul", b("Exp", b("Sub", x, b("Max", x, [-1], keep_dims=True))), b.cast(b("NotEqual", x, 0.0), "float32"))
        return b("DivNoNan", apart, b("Sum", apart, [-1], keep_dims=True))
    raise Unsupported(f"the transformation {kind[:20]!r}")


def class_labels(b: Scope, node: OnnxNode, numbers: str, texts: str) -> Value:
    """Return the labels of a classifier's classes."""
    found = node.ints(numbers)
    if found:
        return b.const(found, [len(found)], "int64")
    words = node.texts(texts)
    if not words:
        raise Unsupported("it has no labels of its classes")
    return _texts(b, words)


def classified(b: Scope, node: OnnxNode, scores: Value, labels: Value) -> list[Value]:
    """Return the labels of the highest scores, and the scores."""
    best = b("ArgMax", scores, 1, output_type="int32")
    return [b.typed(b("GatherV2", labels, best, 0, batch_dims=0), labels.dtype), scores]


@ml_op("LinearRegressor")
def linear_regressor(b: Scope, node: OnnxNode, x: Value) -> Value:
    scores = _linear(b, node, x, node.int("targets", 1))
    return transformed(b, scores, node.text("post_transform", "NONE"))


def _linear(b: Scope, node: OnnxNode, x: Value, count: int) -> Value:
    weights, bias = node.floats("coefficients", []), _floats(b, node, "intercepts")
    if count < 1 or not weights or len(weights) % count:
        raise Unsupported(f"{len(weights)} coefficients of {count} outputs")
    matrix = b.const(weights, [count, len(weights) // count], "float32")
    found = b("MatMul", _rows(b, x), matrix, transpose_a=False, transpose_b=True)
    return found if bias is None else b("AddV2", found, bias)


@ml_op("LinearClassifier")
def linear_classifier(b: Scope, node: OnnxNode, x: Value) -> list[Value]:
    labels = class_labels(b, node, "classlabels_ints", "classlabels_strings")
    kind, count = node.text("post_transform", "NONE"), len(node.floats("intercepts", []))
    if not count:
        raise Unsupported("it has no intercepts")
    scores = _linear(b, node, x, count)
    if count == 1:
        # One score of two classes: that of the second.
        if kind == "LOGISTIC":
            second = b("Sigmoid", scores)
            return classified(b, node, b("ConcatV2", b("Sub", 1.0, second), second, 1, N=2), labels)
        pair = b("ConcatV2", b("Neg", scores), scores, 1, N=2)
        return [classified(b, node, pair, labels)[0], transformed(b, pair, kind)]
    return [classified(b, node, scores, labels)[0], transformed(b, scores, kind)]


# --- trees ---

_COMPARE = {"BRANCH_LEQ": "LessEqual", "BRANCH_LT": "Less", "BRANCH_GTE": "GreaterEqual", "BRANCH_GT": "Greater"}


class Trees:
    """All trees' nodes in one table. A leaf leads to itself: as many steps as the deepest tree has lead all rows to their leaves."""

    def __init__(self, node: OnnxNode, prefix: str):
        names = ("treeids", "nodeids", "featureids", "truenodeids", "falsenodeids")
        trees, ids, features, true, false = (node.ints(f"nodes_{n}", []) for n in names)
        self.values, modes = node.floats("nodes_values", []), node.texts("nodes_modes", [])
        if len({len(v) for v in (trees, ids, features, true, false, self.values, modes)}) != 1 or not ids:
            raise Unsupported("its lists of nodes have different lengths")
        place = {key: i for i, key in enumerate(zip(trees, ids, strict=True))}
        leaf = [m == "LEAF" for m in modes]
        self.true = [i if leaf[i] else place[trees[i], true[i]] for i in range(len(ids))]
        self.false = [i if leaf[i] else place[trees[i], false[i]] for i in range(len(ids))]
        self.features = features
        children = {c for i in range(len(ids)) if not leaf[i] for c in (self.true[i], self.false[i])}
        self.roots = [i for i in range(len(ids)) if i not in children]
        kinds = {m for m in modes if m != "LEAF"}
        if len(kinds) > 1 or not kinds <= set(_COMPARE):
            raise Unsupported(f"its nodes compare by {', '.join(sorted(kinds))}"[:100])
        self.compare = _COMPARE[kinds.pop()] if kinds else "LessEqual"
        self.depth = self._depth(leaf)
        parts = (node.ints(f"{prefix}_{n}", []) for n in ("treeids", "nodeids", "ids"))
        self.weights = [(place[t, n], c, w) for t, n, c, w in zip(*parts, node.floats(f"{prefix}_weights", []), strict=True)]

    def _depth(self, leaf: list[bool]) -> int:
        depth, level = 0, [r for r in self.roots if not leaf[r]]
        while level:
            depth += 1
            level = list(dict.fromkeys(c for i in level for c in (self.true[i], self.false[i]) if not leaf[c]))
            if depth > MAX_DEPTH:
                raise Unsupported(f"a tree is deeper than {MAX_DEPTH}, or its nodes lead in a circle")
        return depth


def _scores(b: Scope, node: OnnxNode, x: Value, prefix: str, count: int, how: str = "SUM") -> tuple[Value, Trees]:
    """Return the sums of the leaves' weights, [rows, count]."""
    trees, rows = Trees(node, prefix), _rows(b, x)
    size = len(trees.features)
    table = [0.0] * (size * count)
    if size * count > 1 << 24:
        raise Unsupported("its trees are too large")
    for place, target, weight in trees.weights:
        table[place * count + target] += weight
    width = b.dims(rows)[1]
    first = b("Mul", b("ExpandDims", b("Range", 0, b.dims(rows)[0], 1, Tidx="int32"), 1), width)
    flat, at = b.reshape(rows, [-1]), b("AddV2", b("Mul", first, 0), trees.roots)
    features, true, false = (b.const(v, [size], "int32") for v in (trees.features, trees.true, trees.false))
    limits = b.const(trees.values, [size], "float32")

    def taken(values: Value, places: Value) -> Value:
        found: Value = b("GatherV2", values, places, 0, batch_dims=0)
        return found

    for _ in range(trees.depth):
        value = taken(flat, b("AddV2", taken(features, at), first))
        at = b("SelectV2", b(trees.compare, value, taken(limits, at)), taken(true, at), taken(false, at))
    leaves = taken(b.const(table, [size, count], "float32"), at)
    ops = {"SUM": "Sum", "AVERAGE": "Mean", "MIN": "Min", "MAX": "Max"}
    if how not in ops:
        raise Unsupported(f"it gathers by {how[:20]!r}")
    return b(ops[how], leaves, [1], keep_dims=False), trees


@ml_op("TreeEnsembleRegressor")
def tree_regressor(b: Scope, node: OnnxNode, x: Value) -> Value:
    found, _ = _scores(b, node, x, "target", node.int("n_targets", 1), node.text("aggregate_function", "SUM"))
    base = _floats(b, node, "base_values")
    return transformed(b, found if base is None else b("AddV2", found, base), node.text("post_transform", "NONE"))


@ml_op("TreeEnsembleClassifier")
def tree_classifier(b: Scope, node: OnnxNode, x: Value) -> list[Value]:
    labels, kind = class_labels(b, node, "classlabels_int64s", "classlabels_strings"), node.text("post_transform", "NONE")
    count = b.size(labels, 0)
    found, trees = _scores(b, node, x, "class", count)
    base = _floats(b, node, "base_values")
    if count == 2 and len({c for _, c, _ in trees.weights}) == 1:
        return _binary_trees(b, node, found, trees, base, labels, kind)
    found = found if base is None else b("AddV2", found, base)
    return [classified(b, node, found, labels)[0], transformed(b, found, kind)]


def _binary_trees(b: Scope, node: OnnxNode, found: Value, trees: Trees, base: Value | None, labels: Value, kind: str) -> list[Value]:
    """Return what trees with weights of one of two classes give: that class's is the score of the second."""
    own = trees.weights[0][1]
    score = b.slice(found, 1, own, own + 1)
    score = score if base is None else b("AddV2", score, b.slice(base, 0, b.size(base, 0) - 1, None))
    if kind == "LOGISTIC":
        second = b("Sigmoid", score)
        return classified(b, node, b("ConcatV2", b("Sub", 1.0, second), second, 1, N=2), labels)
    if min(w for *_, w in trees.weights) >= 0:
        return classified(b, node, b("ConcatV2", b("Sub", 1.0, score), score, 1, N=2), labels)
    pair = b("ConcatV2", b("Neg", score), score, 1, N=2)
    return [classified(b, node, pair, labels)[0], transformed(b, pair, kind)]
