"""The cases of the metrics: which objects, which batches. Written down by `losses_metrics.py`."""

# ruff: noqa: E731

from tests.oracle.generate.common import encode, keras, np, tf, values

M = keras.metrics


def onehot(*shape, classes=3, seed=0):
    return np.eye(classes, dtype="float32")[values(*shape, seed=seed, low=0, high=classes - 1, dtype="int32")]


def probabilities(*shape, seed=0):
    x = values(*shape, seed=seed, low=0.05, high=1.0)
    return (x / x.sum(-1, keepdims=True)).astype("float32")


def scores(*shape, seed=0):
    """Predictions of two decimals, so that some fall on thresholds."""
    return np.round(values(*shape, seed=seed, low=0.0, high=1.0), 2)


def flags(*shape, seed=0):
    return values(*shape, seed=seed, low=0, high=1, dtype="int32")


REAL = lambda s: (values(4, 3, seed=s), values(4, 3, seed=s + 50))
POSITIVE = lambda s: (values(4, 3, seed=s, low=0.1), values(4, 3, seed=s + 50, low=0.1))
BINARY = lambda s: (flags(4, 3, seed=s), values(4, 3, seed=s + 50, low=0.05, high=0.95))
CLASSES = lambda s: (onehot(4, seed=s), probabilities(4, 3, seed=s + 50))
SPARSE = lambda s: (values(4, seed=s, low=0, high=2, dtype="int32"), probabilities(4, 3, seed=s + 50))
LABELS = lambda s: (values(8, seed=s, low=0, high=2, dtype="int32"), values(8, seed=s + 50, low=0, high=2, dtype="int32"))
RANKED = lambda s: (flags(12, seed=s), scores(12, seed=s + 50))
MULTI = lambda s: (flags(6, 3, seed=s), scores(6, 3, seed=s + 50))

# Class: (data, options)
MEANS = {
    "Accuracy": (LABELS, [{}]),
    "BinaryAccuracy": (BINARY, [{}, {"threshold": 0.3}]),
    "CategoricalAccuracy": (CLASSES, [{}]),
    "SparseCategoricalAccuracy": (SPARSE, [{}]),
    "TopKCategoricalAccuracy": (CLASSES, [{"k": 1}, {"k": 2}, {}]),
    "SparseTopKCategoricalAccuracy": (SPARSE, [{"k": 1}, {"k": 2}, {}]),
    "MeanSquaredError": (REAL, [{}]),
    "RootMeanSquaredError": (REAL, [{}]),
    "MeanAbsoluteError": (REAL, [{}]),
    "MeanAbsolutePercentageError": (REAL, [{}]),
    "MeanSquaredLogarithmicError": (POSITIVE, [{}]),
    "CosineSimilarity": (REAL, [{}, {"axis": 0}]),
    "LogCoshError": (REAL, [{}]),
    "Hinge": (BINARY, [{}]),
    "SquaredHinge": (BINARY, [{}]),
    "CategoricalHinge": (CLASSES, [{}]),
    "KLDivergence": (CLASSES, [{}]),
    "Poisson": (POSITIVE, [{}]),
    "BinaryCrossentropy": (BINARY, [{}, {"from_logits": True}, {"label_smoothing": 0.2}]),
    "CategoricalCrossentropy": (CLASSES, [{}, {"from_logits": True}, {"label_smoothing": 0.2}, {"axis": 0}]),
    "SparseCategoricalCrossentropy": (SPARSE, [{}, {"from_logits": True}, {"ignore_class": 1}]),
    "PearsonCorrelation": (REAL, [{}, {"axis": 0}]),
    "ConcordanceCorrelation": (REAL, [{}, {"axis": 0}]),
}
R2 = {"R2Score": (REAL, [
    {}, {"class_aggregation": None}, {"class_aggregation": "variance_weighted_average"}, {"num_regressors": 2}, {"num_regressors": 100},
    {"num_regressors": 23}, {"num_regressors": 7},
])}  # fmt: skip
COUNTS = {
    name: (RANKED, [{}, {"thresholds": 0.3}, {"thresholds": [0.0, 0.5, 1.0]}, {"thresholds": [0.7, 0.2]}])
    for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall")
}
SHARES = {
    name: (
        MULTI,
        [
            {},
            {"class_id": 1},
            {"top_k": 2},
            {"top_k": 1, "class_id": 2},
            {"top_k": 2, "thresholds": 0.6},
            {"thresholds": [0.1, 0.9], "class_id": 0},
        ],
    )
    for name in ("Precision", "Recall")
}
BEST = {
    name: (RANKED, [{argument: v, **o} for v in (0.0, 0.5, 0.8, 1.0) for o in ({}, {"num_thresholds": 5}, {"num_thresholds": 1})])
    for name, argument in (
        ("SensitivityAtSpecificity", "specificity"), ("SpecificityAtSensitivity", "sensitivity"), ("PrecisionAtRecall", "recall"),
        ("RecallAtPrecision", "precision"),
    )
}  # fmt: skip
METHODS = ("interpolation", "minoring", "majoring")
AREAS = {"AUC": (RANKED, [
    *({"curve": c, "summation_method": m, "num_thresholds": n} for c in ("ROC", "PR", "PRGAIN") for m in METHODS for n in (3, 11, 200)),
    {}, {"curve": "pr"}, {"thresholds": [0.3, 0.6]}, {"thresholds": [0.8, 0.25, 0.5]}, {"thresholds": [0.25, 0.5, 0.75]},
    {"from_logits": True},
    {"thresholds": []}, {"num_thresholds": 2},
])}  # fmt: skip
AREAS_MULTI = {"AUC": (MULTI, [
    {}, {"multi_label": True}, {"multi_label": True, "num_labels": 3}, {"multi_label": True, "label_weights": [1.0, 2.0, 0.5]},
    {"label_weights": [1.0, 2.0, 0.5], "num_thresholds": 7}, {"multi_label": True, "thresholds": [0.2, 0.7]},
    {"label_weights": [1.0, 2.0, 0.5], "thresholds": [0.2, 0.7]}, {"multi_label": True, "curve": "PR", "label_weights": [1.0, 2.0, 0.0]},
    {"multi_label": True, "curve": "PRGAIN"},
])}  # fmt: skip
AVERAGES = [{"average": a, "threshold": t} for a in (None, "micro", "macro", "weighted") for t in (None, 0.4)]
F_SCORES = {"FBetaScore": (MULTI, [{}, *({"beta": b, **o} for b in (0.5, 2.0) for o in AVERAGES)]), "F1Score": (MULTI, [{}, *AVERAGES])}
UNIONS = {
    "IoU": (LABELS, [
        {"num_classes": 3, "target_class_ids": t, **o} for t in ([0], [1, 2])
        for o in ({}, {"dtype": "float32"}, {"ignore_class": 1}, {"ignore_class": 0, "dtype": "float32"})
    ]),
    "MeanIoU": (LABELS, [{"num_classes": 3}, {"num_classes": 3, "dtype": "float32"}, {"num_classes": 4, "ignore_class": 2}]),
    "BinaryIoU": (RANKED, [{}, {"threshold": 0.3}, {"target_class_ids": [1], "dtype": "float32"}]),
    "OneHotIoU": (CLASSES, [{"num_classes": 3, "target_class_ids": [0, 2]},
        {"num_classes": 3, "target_class_ids": [1], "dtype": "float32"}]),
    "OneHotMeanIoU": (CLASSES, [{"num_classes": 3}, {"num_classes": 3, "dtype": "float32"}]),
}  # fmt: skip
TABLES = (MEANS, R2, COUNTS, SHARES, BEST, AREAS, AREAS_MULTI, F_SCORES, UNIONS)
METRIC_OPTIONS = [(n, o) for table in TABLES for n, (_, options) in table.items() for o in options] + [
    ("Mean", {}), ("Sum", {}), ("Mean", {"name": "mine", "dtype": "float16"}), ("SparseTopKCategoricalAccuracy", {"from_sorted_ids": True})
]  # fmt: skip


def run(name, init, batches, mask=None):
    """Return a case: batches of update_state arguments, the result after each, after a reset, and the state's names and values."""
    case = {"class": name, "init": encode(init), "batches": [{k: encode(v) for k, v in b.items()} for b in batches]}
    if mask is not None:
        case["mask"] = encode(mask)
    try:
        metric = getattr(M, name)(**init)
        results = []
        for batch in batches:
            batch = dict(batch)
            if mask is not None:
                batch["y_pred"] = tf.constant(batch["y_pred"])
                batch["y_pred"]._keras_mask = tf.constant(mask)
            metric.update_state(**batch)
            results.append(encode(keras.ops.convert_to_numpy(metric.result())))
        state = [[v.path.split("/", 1)[1], encode(v.numpy())] for v in metric.variables]
        if len(state) and len(state[0][1]["t"]) > 12:
            state = [[path, {"s": value["s"]}] for path, value in state]
        metric.reset_state()
        return {**case, "results": results, "state": state, "after_reset": encode(keras.ops.convert_to_numpy(metric.result()))}
    except Exception:  # whatever it is: ours must refuse too
        return {**case, "error": True}


def of(data, seed, weight=None):
    y_true, y_pred = data(seed)
    return {"y_true": y_true, "y_pred": y_pred, **({} if weight is None else {"sample_weight": weight})}


def table_cases():
    for table in TABLES:
        for name, (data, options) in table.items():
            rank = len(data(1)[0].shape)
            batch = len(data(1)[0])
            weights = values(batch, seed=9, low=0.0, high=2.0)
            for init in options:
                yield run(name, init, [of(data, 1), of(data, 2)])
                if table is BEST or (table is AREAS and init.get("num_thresholds") == 200):
                    continue
                yield run(name, init, [of(data, 1, weights), of(data, 3)])
            yield run(name, options[0], [of(data, 1, 2.5), of(data, 2, np.zeros(batch, "float32"))])
            yield run(name, options[0], [of(data, 1, np.float32(0.0))])
            if rank == 2 and name not in ("R2Score", "FBetaScore", "F1Score"):
                yield run(name, options[0], [of(data, 1, weights[:, None]), of(data, 1, values(*data(1)[0].shape, seed=5, low=0.0))])


def mean_cases():
    values3 = values(2, 3, 4, seed=1)
    for name in ("Mean", "Sum"):
        for batches in (
            [{"values": [1, 3, 5, 7]}], [{"values": 3.5}, {"values": 1}], [{"values": values3}], [{"values": [[1.0, 2.0], [3.0, 4.0]]}],
            [{"values": [1.0, 3.0, 5.0, 7.0], "sample_weight": [1, 1, 0, 0]}], [{"values": values3, "sample_weight": [1.0, 2.0]}],
            [{"values": values3, "sample_weight": values(2, 3, seed=2)}], [{"values": values3, "sample_weight": values(2, 3, 1, seed=2)}],
            [{"values": values3, "sample_weight": values3}], [{"values": values3, "sample_weight": 2.0}],
            [{"values": [[1.0], [2.0]], "sample_weight": [1.0, 3.0]}],
            [{"values": [1.0, 2.0], "sample_weight": [[1.0], [3.0]]}], [{"values": np.zeros((0,), "float32")}], [{"values": [np.nan, 1.0]}],
            [{"values": [True, False]}], [{"values": [1.0, 2.0], "sample_weight": [1.0, 2.0, 3.0]}],
            [{"values": 2.0, "sample_weight": 3.0}, {"values": [1.0]}],
        ):  # fmt: skip
            yield run(name, {}, batches)
        yield run(name, {"dtype": "float16"}, [{"values": [1.0, 2.5]}])


def special_cases():
    for method in METHODS:  # thresholds that nothing true, and nothing at all, exceeds
        for y_true, y_pred in (
            ([1, 0, 0], [0.2, 0.7, 0.4]),
            ([0, 0], [0.2, 0.7]),
            ([1, 1], [0.2, 0.7]),
            ([0, 1, 1, 0], [0.1, 0.4, 0.6, 0.3]),
        ):
            for curve in ("ROC", "PR", "PRGAIN"):
                yield run("AUC", {"num_thresholds": 5, "curve": curve, "summation_method": method}, [{"y_true": y_true, "y_pred": y_pred}])
    seq_true, seq_pred = values(2, 4, seed=1, low=0, high=2, dtype="int32"), probabilities(2, 4, 3, seed=2)
    mask, weights = values(2, 4, seed=6, dtype="bool"), values(2, 4, seed=4, low=0.0, high=2.0)
    for name in ("SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy"):
        for y in (seq_true, seq_true[..., None]):
            for w in (None, weights, weights[:, 0]):
                case = {"y_true": y, "y_pred": seq_pred, **({} if w is None else {"sample_weight": w})}
                yield run(name, {}, [case])
                yield run(name, {}, [case], mask)
    for name in ("MeanSquaredError", "BinaryAccuracy", "MeanAbsoluteError", "CategoricalCrossentropy", "BinaryCrossentropy"):
        y = flags(2, 4, 3, seed=3)
        for w in (None, weights, weights[:, 0], weights[..., None]):
            case = {"y_true": y, "y_pred": seq_pred, **({} if w is None else {"sample_weight": w})}
            yield run(name, {}, [case])
            yield run(name, {}, [case], mask)
        yield run(name, {}, [{"y_true": flags(4, seed=3), "y_pred": scores(4, 1, seed=2)}])
        yield run(name, {}, [{"y_true": flags(4, 1, seed=3), "y_pred": scores(4, seed=2)}])
        yield run(name, {}, [{"y_true": flags(4, seed=3), "y_pred": scores(4, seed=2)}])
        yield run(name, {}, [{"y_true": flags(4, 3, seed=3), "y_pred": scores(4, 2, seed=2)}])
    yield run("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, [{"y_true": [2, 1], "y_pred": [[1, 0, 2], [2, 1, 0]]}])
    yield run("CategoricalAccuracy", {}, [{"y_true": onehot(2, 4, seed=3), "y_pred": seq_pred}])
    yield run("TopKCategoricalAccuracy", {"k": 2}, [{"y_true": onehot(2, 4, seed=3), "y_pred": seq_pred}])
    yield run("Accuracy", {}, [{"y_true": [[1], [2], [3], [4]], "y_pred": [[0], [2], [3], [4]], "sample_weight": [1, 1, 0, 0]}])
    yield run("Accuracy", {}, [{"y_true": np.array(["a", "b"]), "y_pred": np.array(["a", "c"])}])
    for name in ("Precision", "Recall", "TruePositives", "AUC"):
        yield run(name, {}, [{"y_true": flags(4, seed=3), "y_pred": scores(4, 1, seed=2)}])
        yield run(name, {}, [{"y_true": [[False], [True]], "y_pred": [[0.2], [0.8]]}])
        yield run(name, {}, [{"y_true": flags(2, 3, seed=3), "y_pred": scores(2, 4, seed=2)}])
        yield run(name, {}, [{"y_true": np.zeros(3, "int32"), "y_pred": np.zeros(3, "float32")}])
        yield run(name, {}, [{"y_true": np.ones(3, "int32"), "y_pred": np.ones(3, "float32")}])
        yield run(name, {}, [{"y_true": [0.3, 0.7, 1.0], "y_pred": [0.2, 0.6, 0.9]}])  # soft labels
        yield run(
            name, {}, [{"y_true": flags(2, 2, 3, seed=3), "y_pred": scores(2, 2, 3, seed=2), "sample_weight": values(2, 2, 1, seed=3)}]
        )
    for name in ("FBetaScore", "F1Score"):
        ties = {"y_true": onehot(3, seed=2), "y_pred": np.array([[0.5, 0.5, 0.1], [0, 0, 0], [1, 0, 1]], "float32")}
        yield run(name, {}, [ties])
        yield run(name, {"threshold": 0.5}, [ties])
        yield run(name, {}, [{"y_true": flags(3, seed=2), "y_pred": scores(3, seed=3)}])
    constant = {"y_true": np.ones((3, 2), "float32"), "y_pred": values(3, 2, seed=3)}
    for name in ("R2Score", "PearsonCorrelation", "ConcordanceCorrelation", "CosineSimilarity"):
        yield run(name, {}, [constant])
        yield run(name, {}, [{"y_true": constant["y_true"], "y_pred": constant["y_true"]}])
        yield run(name, {}, [{"y_true": np.zeros((3, 2), "float32"), "y_pred": np.zeros((3, 2), "float32")}])
    yield run(
        "R2Score", {}, [{"y_true": values(3, 2, seed=1), "y_pred": values(3, 2, seed=2), "sample_weight": values(3, 1, seed=3, low=0)}]
    )
    yield run("R2Score", {}, [{"y_true": values(3, seed=1), "y_pred": values(3, seed=2)}])
    images = (values(2, 3, 3, seed=1, low=0, high=2, dtype="int32"), values(2, 3, 3, seed=2, low=0, high=2, dtype="int32"))
    yield run("MeanIoU", {"num_classes": 3}, [{"y_true": images[0], "y_pred": images[1]}])
    yield run(
        "MeanIoU",
        {"num_classes": 3, "dtype": "float32"},
        [{"y_true": images[0], "y_pred": images[1], "sample_weight": values(2, 3, 3, seed=3, low=0.0)}],
    )
    yield run("MeanIoU", {"num_classes": 3, "sparse_y_pred": False}, [{"y_true": images[0], "y_pred": probabilities(2, 3, 3, 3, seed=5)}])
    yield run("MeanIoU", {"num_classes": 3, "ignore_class": -1}, [{"y_true": images[0] - 1, "y_pred": images[1]}])
    yield run(
        "MeanIoU", {"num_classes": 3, "ignore_class": 255}, [{"y_true": np.where(images[0] == 1, 255, images[0]), "y_pred": images[1]}]
    )


WRONG = [
    ("AUC", {"num_thresholds": 1}), ("AUC", {"curve": "x"}), ("AUC", {"summation_method": "x"}), ("AUC", {"num_labels": 2}),
    ("Precision", {"thresholds": [-0.2]}), ("Precision", {"thresholds": [None]}), ("Recall", {"thresholds": 2.0}),
    ("F1Score", {"average": "x"}), ("FBetaScore", {"beta": -1.0}), ("FBetaScore", {"beta": 1}), ("F1Score", {"threshold": 2}),
    ("F1Score", {"threshold": 2.0}), ("F1Score", {"threshold": 0.0}), ("R2Score", {"class_aggregation": "x"}),
    ("R2Score", {"num_regressors": -1}),
    ("IoU", {"num_classes": 2, "target_class_ids": [2]}), ("BinaryIoU", {"target_class_ids": [2]}), ("PrecisionAtRecall", {"recall": 2}),
    ("PrecisionAtRecall", {"recall": 0.5, "num_thresholds": 0}), ("SensitivityAtSpecificity", {"specificity": -0.1}),
    ("RecallAtPrecision", {"precision": 1.1}), ("SpecificityAtSensitivity", {"sensitivity": -1}),
]  # fmt: skip


def function_cases():
    """Yield the functions that are not losses, on data of their metrics and on wider shapes."""
    for name, data, options in (
        ("binary_accuracy", BINARY, [{}, {"threshold": 0.3}]), ("categorical_accuracy", CLASSES, [{}]),
        ("sparse_categorical_accuracy", SPARSE, [{}]), ("top_k_categorical_accuracy", CLASSES, [{"k": 1}, {"k": 2}, {}]),
        ("sparse_top_k_categorical_accuracy", SPARSE, [{"k": 1}, {"k": 2}, {"k": 2, "from_sorted_ids": True}]),
        ("pearson_correlation", REAL, [{}, {"axis": 0}]), ("concordance_correlation", REAL, [{}, {"axis": 0}]),
    ):  # fmt: skip
        for kwargs in options:
            y_true, y_pred = data(3)
            if kwargs.get("from_sorted_ids"):
                y_pred = np.argsort(-y_pred, -1).astype("int32")
            out = getattr(M, name)(y_true, y_pred, **kwargs)
            yield {"fn": name, "y_true": encode(y_true), "y_pred": encode(y_pred), "kwargs": encode(kwargs), "out": encode(out)}


def metric_cases():
    yield from function_cases()
    yield from mean_cases()
    yield from table_cases()
    yield from special_cases()
    for name, init in WRONG:
        yield run(name, init, [])
