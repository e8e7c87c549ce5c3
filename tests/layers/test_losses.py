"""The losses give Keras's values, gradients, configs and names, in stored cases."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb import losses
from tests.layers.stored import decode, difference, load, weight

HEADER, CASES = load("keras_losses.jsonl")
GROUPS = list(dict.fromkeys(c.get("class") or c["fn"] for c in CASES))


def call_of(case):
    """Return y_pred and the function of it that a case is about."""
    y_true, y_pred = decode(case["y_true"]), decode(case["y_pred"])
    if "fn" in case:
        kwargs = decode(case["kwargs"])
        return y_pred, lambda x: getattr(losses, case["fn"])(y_true, x, **kwargs)
    loss, mask, weights = (
        getattr(losses, case["class"])(**decode(case["init"])),
        decode(case.get("mask")),
        decode(case.get("sample_weight")),
    )

    def call(x):
        if mask is not None:
            x._keras_mask = mask
        return loss(y_true, x, weights)

    return y_pred, call


def problem(case):
    """Return what is wrong with our answer to a case, or None."""
    if "y_true" not in case:
        try:
            getattr(losses, case["class"])(**decode(case["init"]))
        except ValueError:
            return None
        return "no error"
    y_pred, call = call_of(case)
    if case.get("error"):
        try:
            call(y_pred)
        except tw.errors.TensorWebError:
            return None
        return "no error"
    half = "float16" in (case["out"]["d"],)
    with tw.GradientTape() as tape:
        tape.watch(y_pred)
        out = call(y_pred)
        total = tw.sum(tw.cast(out, "float32") * weight(out.shape))
    wrong = difference(out, case["out"], 2e-3 if half else 2e-5, 2e-3 if half else 1e-6)
    if wrong or case["grad"] is None:
        return wrong and f"value: {wrong}"
    gradient = tape.gradient(total, y_pred)
    if gradient is None:
        return "no gradient"
    wrong = difference(gradient, case["grad"], 5e-3 if half else 2e-4, 5e-3 if half else 2e-6)
    return wrong and f"gradient: {wrong}"


@pytest.mark.filterwarnings("ignore:.*several classes")
@pytest.mark.parametrize("group", GROUPS)
def test_values_and_gradients(group):
    wrong = []
    for i, case in enumerate(CASES):
        if (case.get("class") or case["fn"]) == group:
            try:
                found = problem(case)
            except Exception as error:
                found = f"{type(error).__name__}: {error}"
            if found:
                what = {k: v for k, v in case.items() if k in ("init", "kwargs")}
                wrong.append(f"case {i} {what} weights {case.get('sample_weight', {})} mask {'mask' in case}: {found}")
    assert not wrong, f"{len(wrong)} wrong\n" + "\n".join(wrong[:20])


# --- names, signatures, configs -----------------------------------------------------------------------------------------------


def plain(value):
    """Return a config as JSON gives it back."""
    return json.loads(json.dumps(value))


def test_every_name_of_keras_is_there():
    assert set(HEADER["names"]) == set(losses.__all__)
    assert not [n for n in HEADER["names"] if not hasattr(losses, n)]


def signature_of(item):
    return [[p.name, None if p.default is p.empty else repr(p.default)] for p in inspect.signature(item).parameters.values()]


@pytest.mark.parametrize("name", list(HEADER["signatures"]))
def test_arguments_and_defaults(name):
    assert signature_of(getattr(losses, name)) == HEADER["signatures"][name]


def test_get_knows_keras_names():
    for name, meant in HEADER["aliases"].items():
        found = losses.get(name) if name != "LossFunctionWrapper" else losses.LossFunctionWrapper(losses.huber)
        assert (found.__name__ if inspect.isfunction(found) else type(found).__name__) == meant, name
    for name, meant in (("meanSquaredError", "mean_squared_error"), ("categoricalCrossentropy", "categorical_crossentropy"),
                        ("cosineProximity", "cosine_similarity"), ("logcosh", "log_cosh"),
                        ("kullbackLeiblerDivergence", "kl_divergence")):  # fmt: skip
        assert losses.get(name).__name__ == meant
    assert losses.get(None) is None
    assert losses.get({"class_name": "Huber", "config": {"delta": 2.0}})._fn_kwargs == {"delta": 2.0}
    for wrong in ("nope", 3, {"class_name": "nope", "config": {}}):
        with pytest.raises(ValueError):
            losses.get(wrong)


@pytest.mark.parametrize("stored", HEADER["configs"], ids=lambda c: c["class"])
def test_configs_are_keras_configs(stored):
    made = getattr(losses, stored["class"])(**decode(stored["init"]))
    assert plain(made.get_config()) == stored["config"]
    serialized = losses.serialize(made)
    assert serialized["module"] == stored["serialized"] and serialized["class_name"] == stored["class"]
    again = losses.deserialize(serialized)
    assert type(again) is type(made) and plain(again.get_config()) == stored["config"]


# Keras's configs leave these out, so that what comes back has the default.
LOST = {"CosineSimilarity": "axis", "Huber": "delta", "SparseCategoricalCrossentropy": "axis"}


@pytest.mark.filterwarnings("ignore:.*several classes")
def test_a_loss_from_its_config_gives_the_same():
    seen = 0
    for case in CASES:
        if "class" in case and "out" in case and "mask" not in case and LOST.get(case["class"]) not in decode(case["init"]):
            made = getattr(losses, case["class"])(**decode(case["init"]))
            again = type(made).from_config(plain(made.get_config()))
            y_true, y_pred, weights = decode(case["y_true"]), decode(case["y_pred"]), decode(case.get("sample_weight"))
            if made.dtype == "float32":
                assert str(again(y_true, y_pred, weights).tolist()) == str(made(y_true, y_pred, weights).tolist())
                seen += 1
    assert seen > 500


# --- losses of one's own -----------------------------------------------------------------------------------------------------


class Twice(losses.Loss):
    """Takes nested labels and predictions."""

    def call(self, y_true, y_pred):
        return tw.mean((y_true["a"] - y_pred[0]) ** 2, axis=-1) + tw.mean(y_pred[1], axis=-1)


def test_a_loss_of_nested_tensors():
    loss = Twice()
    assert loss.name == "twice" or loss.name.startswith("twice_")
    value = loss({"a": tw.tensor([[1, 2]])}, [tw.tensor([[0.0, 0.0]]), tw.tensor([[4.0]])])
    assert value.item() == 6.5 and value.dtype == "float32"


def test_a_subclass_with_its_own_arguments():
    class Smoothed(losses.BinaryCrossentropy):
        def __init__(self, smooth=0.2, **kwargs):
            super().__init__(label_smoothing=smooth, **kwargs)

    ours = Smoothed(reduction="sum")([[0.0, 1.0]], [[0.3, 0.6]])
    assert ours.item() == losses.BinaryCrossentropy(label_smoothing=0.2, reduction="sum")([[0.0, 1.0]], [[0.3, 0.6]]).item()


def test_a_wrapped_function_and_its_config():
    def cubed(y_true, y_pred, power=3):
        return tw.mean((y_true - y_pred) ** power, axis=-1)

    loss = losses.LossFunctionWrapper(cubed, power=2)
    assert loss([[1.0, 2.0]], [[0.0, 0.0]]).item() == 2.5
    with tw.serialization.CustomObjectScope({"cubed": cubed}):
        again = losses.LossFunctionWrapper.from_config(loss.get_config())
    assert again([[1.0, 2.0]], [[0.0, 0.0]]).item() == 2.5


def test_a_loss_without_call_says_so():
    with pytest.raises(NotImplementedError, match="call"):
        losses.Loss()([1.0], [1.0])


def test_lists_numbers_arrays_and_variables():
    for y_true, y_pred in (([[1, 2]], [[0.0, 0.0]]), (((1, 2),), tw.Variable([[0.0, 0.0]])), (tw.tensor([[1, 2]]), [[0, 0]])):
        assert losses.MeanSquaredError()(y_true, y_pred).item() == 2.5
        assert losses.mean_squared_error(y_true, y_pred).tolist() == [2.5]


def test_wrong_shapes_are_refused():
    y = tw.ones((2, 3))
    for call in (
        lambda: losses.categorical_crossentropy(y, tw.ones((2, 4))), lambda: losses.binary_crossentropy(y, tw.ones((2, 4))),
        lambda: losses.ctc(y, y), lambda: losses.mean_squared_error(y, tw.ones((2, 4))), lambda: losses.Dice(axis=5)(y, y),
        lambda: losses.MeanSquaredError()(y, y, sample_weight=tw.ones((5,))),
    ):  # fmt: skip
        with pytest.raises(tw.errors.ShapeError):
            call()


def test_crossentropy_goes_by_the_shapes():
    for name in ("crossentropy", "ce"):
        loss, p = losses.get(name), tw.tensor([[0.2, 0.8], [0.6, 0.4]])
        sparse = losses.sparse_categorical_crossentropy([1, 0], p).tolist()
        assert loss([1, 0], p).tolist() == sparse == loss([[1], [0]], p).tolist()
        assert loss([[0.0, 1.0], [1.0, 0.0]], p).tolist() == losses.categorical_crossentropy([[0.0, 1.0], [1.0, 0.0]], p).tolist()
        assert loss([[1.0], [0.0]], p[:, :1]).tolist() == losses.binary_crossentropy([[1.0], [0.0]], p[:, :1]).tolist()


def test_one_class_is_warned_of():
    for loss in (losses.categorical_crossentropy, losses.categorical_focal_crossentropy):
        with pytest.warns(SyntaxWarning, match="several classes"):
            loss(tw.ones((2, 1)), tw.ones((2, 1)))


def test_a_training_step_makes_no_new_plans():
    from tensorweb import engine
    from tensorweb.backends import registry

    loss, y = losses.CategoricalCrossentropy(label_smoothing=0.1), tw.tensor([[0.0, 1.0]])
    step = lambda v: tw.grad(lambda x: loss(y, x, sample_weight=[v]))(tw.tensor([[v, 1.0]]))  # noqa: E731
    step(0.3)
    before = engine.plans(registry.current()).misses
    step(0.4)
    assert engine.plans(registry.current()).misses == before


def test_losses_and_metrics_without_numpy():
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-m", "tests.layers.without_numpy"], capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stdout + done.stderr
