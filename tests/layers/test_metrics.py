"""The metrics give Keras's results after each update, its state, configs and names, in stored cases."""

import inspect
import json

import pytest

import tensorweb as tw
from tensorweb import metrics
from tests.layers.stored import decode, difference, load

HEADER, CASES = load("keras_metrics.jsonl")
GROUPS = list(dict.fromkeys(c.get("class") or c["fn"] for c in CASES))


def batches_of(case):
    """Return the arguments of each update, the mask in its place."""
    for batch in case["batches"]:
        batch = {k: decode(v) for k, v in batch.items()}
        if "mask" in case:
            batch["y_pred"]._keras_mask = decode(case["mask"])
        yield batch


def refuses(case):
    """Return None if a case raises as it does in Keras."""
    try:
        metric = getattr(metrics, case["class"])(**decode(case["init"]))
        for batch in batches_of(case):
            metric.update_state(**batch)
    except (ValueError, TypeError):
        return None
    return "no error"


def problem(case):
    """Return what is wrong with our answer to a case, or None."""
    if "fn" in case:
        out = getattr(metrics, case["fn"])(decode(case["y_true"]), decode(case["y_pred"]), **decode(case["kwargs"]))
        return difference(out, case["out"], 1e-5, 1e-6)
    if case.get("error"):
        return refuses(case)
    metric = getattr(metrics, case["class"])(**decode(case["init"]))
    rtol, atol = (2e-3, 1e-3) if metric.dtype == "float16" else (2e-5, 2e-6)
    for i, (batch, expected) in enumerate(zip(batches_of(case), case["results"], strict=True)):
        metric.update_state(**batch)
        wrong = difference(metric.result(), expected, rtol, atol)
        if wrong:
            return f"result {i}: {wrong}"
    wrong = state_problem(metric, case["state"], rtol, atol)
    metric.reset_state()
    return wrong or difference(metric.result(), case["after_reset"], rtol, atol)


def state_problem(metric, state, rtol, atol):
    """Return where names, shapes or values of the variables differ from what is stored."""
    names = [v.path.split("/", 1)[1] for v in metric.variables]
    if names != [name for name, _ in state]:
        return f"variables {names}, expected {[name for name, _ in state]}"
    for v, (name, stored) in zip(metric.variables, state, strict=True):
        wrong = difference(v.value, stored, rtol, atol) if "t" in stored else list(v.shape) != stored["s"] and f"shape {v.shape}"
        if wrong:
            return f"variable {name}: {wrong}"
    return None


@pytest.mark.filterwarnings("ignore:.*R2 score", "ignore:.*several classes", "ignore:sample_weight is float")
@pytest.mark.parametrize("group", GROUPS)
def test_results_state_and_reset(group):
    wrong = []
    for i, case in enumerate(CASES):
        if (case.get("class") or case["fn"]) == group:
            try:
                found = problem(case)
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
            if found:
                wrong.append(f"case {i} {case.get('init') or case.get('kwargs')}: {found}")
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong[:20])


# --- names, signatures, configs -----------------------------------------------------------------------------------------------


def plain(value):
    """Return a config as JSON gives it back."""
    return json.loads(json.dumps(value))


def test_every_name_of_keras_is_there():
    assert set(HEADER["names"]) == set(metrics.__all__)
    assert not [n for n in HEADER["names"] if not hasattr(metrics, n)]


def signature_of(item):
    return [[p.name, None if p.default is p.empty else repr(p.default)] for p in inspect.signature(item).parameters.values()]


@pytest.mark.parametrize("name", list(HEADER["signatures"]))
def test_arguments_and_defaults(name):
    assert signature_of(getattr(metrics, name)) == HEADER["signatures"][name]


NEEDS = {
    "IoU": (3, [0]), "MeanIoU": (3,), "OneHotIoU": (3, [0]), "OneHotMeanIoU": (3,), "MeanMetricWrapper": (tw.losses.huber,),
    "PrecisionAtRecall": (0.5,), "RecallAtPrecision": (0.5,), "SensitivityAtSpecificity": (0.5,), "SpecificityAtSensitivity": (0.5,),
}  # fmt: skip


def test_get_knows_keras_names():
    for name, meant in HEADER["aliases"].items():
        if meant in NEEDS:  # get finds the class and then misses the arguments, as in Keras
            with pytest.raises(TypeError, match="missing"):
                metrics.get(name)
        else:
            assert type(metrics.get(name)).__name__ == meant, name
    for name, meant in (("meanSquaredError", "MeanSquaredError"), ("categoricalCrossentropy", "CategoricalCrossentropy"),
                        ("acc", "Accuracy"),
                        ("cosineProximity", "CosineSimilarity"), ("binaryAccuracy", "BinaryAccuracy"),
                        ("MAPE", "MeanAbsolutePercentageError")):  # fmt: skip
        assert type(metrics.get(name)).__name__ == meant
    assert metrics.get(None) is None
    for wrong in ("nope", 3, {"class_name": "nope", "config": {}}):
        with pytest.raises(ValueError):
            metrics.get(wrong)


@pytest.mark.parametrize("stored", HEADER["configs"], ids=lambda c: c["class"])
def test_configs_are_keras_configs(stored):
    tw.naming.clear_session()
    if "name" not in stored["init"]["dict"]:  # automatic names count on in Keras's process
        stored = {
            **stored,
            "config": {
                **stored["config"],
                "name": stored["config"]["name"].rstrip("_0123456789") if auto(stored) else stored["config"]["name"],
            },
        }
    made = getattr(metrics, stored["class"])(**decode(stored["init"]))
    assert plain(made.get_config()) == stored["config"]
    serialized = metrics.serialize(made)
    assert serialized["module"] == stored["serialized"] and serialized["class_name"] == stored["class"]
    again = metrics.deserialize(plain(serialized))
    assert type(again) is type(made) and plain(again.get_config()) == stored["config"]


def auto(stored):
    """Tell whether a class takes an automatic name."""
    return dict(HEADER["signatures"][stored["class"]])["name"] == "None"


LOST = {"CosineSimilarity": "axis"}  # Keras's config leaves it out


@pytest.mark.filterwarnings("ignore:.*R2 score", "ignore:.*several classes", "ignore:sample_weight is float")
def test_a_metric_from_its_config_gives_the_same():
    seen = 0
    for case in CASES:
        if "results" in case and LOST.get(case["class"]) not in decode(case["init"]):
            made = getattr(metrics, case["class"])(**decode(case["init"]))
            again = type(made).from_config(plain(made.get_config()))
            for batch in batches_of(case):
                made.update_state(**batch)
                again.update_state(**batch)
            assert str(again.result().tolist()) == str(made.result().tolist())
            seen += 1
    assert seen > 500


# --- the base class ----------------------------------------------------------------------------------------------------------


class Outer(metrics.Metric):
    """Tracks variables and metrics among its attributes, nested too."""

    def __init__(self):
        super().__init__(name="o")
        self.a = self.add_variable((), "zeros", name="a")
        self.m = metrics.Mean()
        self.several = [metrics.Sum()]
        self.named = {"q": metrics.Mean()}
        self.b = tw.Variable(1.0, name="b")

    def update_state(self, x):
        self.a.assign_add(tw.sum(x))
        self.m.update_state(x)

    def result(self):
        return {"a": self.a.value, "mean": self.m.result()}


def test_variables_are_tracked_in_keras_order():
    outer = Outer()
    assert [v.path for v in outer.variables] == ["o/a", "b", "mean/total", "mean/count", "sum/total", "mean/total", "mean/count"]
    assert not any(v.trainable for v in outer.variables[:1] + outer.variables[2:])


def test_results_may_be_dicts_and_reset_reaches_inner_metrics():
    outer = Outer()
    found = outer(tw.tensor([1.0, 3.0]))
    assert {k: v.item() for k, v in found.items()} == {"a": 4.0, "mean": 2.0}
    outer.reset_state()
    assert all(v.value.tolist() == 0.0 for v in outer.variables)


def test_updates_without_state():
    metric = metrics.MeanSquaredError()
    metric.update_state([[3.0]], [[0.0]])
    values = metric.stateless_update_state([1.0, 2.0], [[1.0]], [[2.0]])
    assert [v.item() for v in values] == [2.0, 3.0]
    assert metric.stateless_result([tw.tensor(1.0), tw.tensor(2.0)]).item() == 0.5
    assert [v.item() for v in metric.stateless_reset_state()] == [0.0, 0.0]
    assert metric.result().item() == 9.0, "the metric itself changed"
    with pytest.raises(ValueError, match="variables"):
        metric.stateless_result([1.0])
    with pytest.raises(ValueError):
        metric.stateless_update_state([1.0, 2.0], [[1.0]], [[2.0, 3.0, 4.0], [1.0, 1.0, 1.0]], [1.0, 2.0, 3.0])
    assert metric.result().item() == 9.0, "a failed update changed the metric"


def test_no_tape_records_an_update():
    metric, x = metrics.MeanSquaredError(), tw.Variable([[1.0, 2.0]])
    with tw.GradientTape(persistent=True) as tape:
        loss = tw.losses.MeanSquaredError()([[0.0, 0.0]], x)
        metric.update_state([[0.0, 0.0]], x)
        total = loss + metric.total
    assert tape.gradient(total, x).tolist() == [[1.0, 2.0]]
    assert tape.gradient(metric.total.value, x) is None


@pytest.mark.usefixtures("nothing_left")
def test_updates_hold_no_memory():
    metric = metrics.AUC()
    y, x = tw.tensor([0, 1, 1]), tw.tensor([0.1, 0.8, 0.4])
    metric.update_state(y, x)
    before = tw.memory()
    for _ in range(3):
        metric.update_state(y, x)
        metric.result()
    after = tw.memory()
    assert (after.num_tensors, after.num_bytes) == (before.num_tensors, before.num_bytes)


def test_automatic_names():
    tw.naming.clear_session()
    assert [metrics.AUC().name, metrics.AUC().name, metrics.BinaryIoU().name, metrics.Mean().name, metrics.Mean().name] == [
        "auc", "auc_1", "binary_io_u", "mean", "mean",
    ]  # fmt: skip
    assert metrics.MeanMetricWrapper(tw.losses.huber).name == "mean_metric_wrapper"


def test_add_variable_and_add_weight():
    metric = metrics.Metric(name="m")
    one = metric.add_weight(shape=(2,), initializer="ones", name="w")
    two = metric.add_variable(shape=(2, 1), initializer=tw.initializers.Constant(3.0), dtype="int32")
    assert one.value.tolist() == [1.0, 1.0] and one.path == "m/w"
    assert two.value.tolist() == [[3], [3]] and two.dtype == "int32" and two.path.startswith("m/variable")
    assert metric.variables == [one, two]
    for call in (metric.result, lambda: metric.update_state(1)):
        with pytest.raises(NotImplementedError):
            call()


def test_a_wrapped_function_comes_back_from_its_config():
    def error(y_true, y_pred, power=1):
        return tw.mean(tw.absolute(y_true - y_pred) ** power, axis=-1)

    metric = metrics.MeanMetricWrapper(error, name="e", power=2)
    config = metric.get_config()
    assert config["name"] == "e" and config["power"] == 2
    with tw.serialization.CustomObjectScope({"error": error}):
        again = metrics.MeanMetricWrapper.from_config(config)
    assert again(tw.tensor([[1.0, 2.0]]), tw.tensor([[0.0, 0.0]])).item() == 2.5


def test_mixed_precision_and_bool_labels():
    assert metrics.Sum(dtype="mixed_float16").get_config() == {"name": "sum", "dtype": "float16"}
    assert metrics.Precision()(tw.tensor([True, False]), [0.9, 0.8]).item() == 0.5
    assert metrics.SparseCategoricalAccuracy()([[2], [0]], [[0.0, 0.1, 0.9], [0.1, 0.9, 0.0]]).item() == 0.5


def test_the_confusion_matrix_leaves_out_what_is_no_class():
    from tensorweb.metrics.counts import confusion_matrix

    assert confusion_matrix([1, 2, 4], [2, 2, 4], 5).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 1],
    ]
    assert confusion_matrix([0, 3, -1], [0, 1, 1], 2, weights=[0.5, 1.0, 1.0], dtype="float32").tolist() == [[0.5, 0.0], [0.0, 0.0]]
    assert metrics.IoU(2, [0])([], []).item() == 0.0


def test_fractional_weights_of_an_int_matrix_are_warned_of():
    with pytest.warns(UserWarning, match="weight.*float.*int.*casting"):
        metrics.MeanIoU(2)([0, 1], [0, 1], sample_weight=[0.5, 0.5])


def test_arguments_are_attributes():
    assert (metrics.TopKCategoricalAccuracy(k=3).k, metrics.BinaryAccuracy(threshold=0.2).threshold) == (3, 0.2)
    assert tw.losses.BinaryCrossentropy(from_logits=True).from_logits and tw.losses.Circle(gamma=2.0).gamma == 2.0


def test_wrong_batches_are_refused_before_anything_changes():
    for metric, y_true, y_pred in (
        (metrics.Precision(), [0, 1, 1], [0.1, 0.2]), (metrics.Recall(class_id=5), [[0, 1]], [[0.1, 0.9]]),
        (metrics.Recall(class_id=0), [0, 1], [0.1, 0.9]),
        (metrics.AUC(multi_label=True, num_labels=3), [[0, 1]], [[0.1, 0.9]]), (metrics.R2Score(), [1.0], [2.0]),
        (metrics.F1Score(), [1.0], [2.0]), (metrics.MeanSquaredError(), [[1.0, 2.0, 3.0]], [[1.0, 2.0]]),
    ):  # fmt: skip
        with pytest.raises(tw.errors.TensorWebError):
            metric.update_state(y_true, y_pred)
        assert all(not any(tw.reshape(v.value, (-1,)).tolist()) for v in metric.variables)
