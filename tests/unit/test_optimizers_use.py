"""What users do with optimizers: rates, own subclasses, names and configs of other libraries, wrong use. Numbers: test_optimizers.py."""

import copy
import math
import pickle
import warnings

import pytest

import tensorweb as tw
from tensorweb import naming
from tensorweb.optimizers import schedules
from tensorweb.serialization import CustomObjectScope


def ones(*shape):
    return tw.ones(shape)


def stepped(optimizer, steps=1, value=1.0, gradient=1.0):
    v = tw.Variable(value)
    for _ in range(steps):
        optimizer.apply([tw.tensor(gradient)], [v])
    return float(v)


# --- the learning rate and the step ---


def test_one_kernel_for_each_update(backend):
    v = tw.Variable(ones(3))
    optimizer = tw.optimizers.Adam()
    optimizer.apply([ones(3)], [v])
    info = tw.profile(lambda: optimizer.apply([ones(3)], [v]))
    assert [k.name for k in info.kernels][-1:] == ["_adam"] and len(info.kernels) == 2  # ones, and the update


def test_the_learning_rate_behaves_as_a_variable(backend):
    optimizer = tw.optimizers.SGD(0.5, name="mine")
    rate = optimizer.learning_rate
    assert isinstance(rate, tw.Variable) and rate.shape == () and rate.dtype == "float32" and not rate.trainable
    assert float(rate) == 0.5 == rate.item() == rate.tolist() and float(rate * 2 + 1) == 2.0 and rate.path == "mine/learning_rate"
    rate.assign(0.25)
    assert float(optimizer.learning_rate) == 0.25 and stepped(optimizer) == 0.75
    rate.assign(tw.tensor(0.125) * 2)
    rate.assign_add(0.25)
    rate.assign_sub(tw.tensor(0.25))
    assert float(rate) == 0.25
    optimizer = tw.optimizers.SGD(0.1)
    optimizer.learning_rate = 0.5
    assert stepped(optimizer) == 0.5 and optimizer.get_config()["learning_rate"] == 0.5
    optimizer.learning_rate = tw.tensor(0.25)
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate = optimizer.learning_rate * 2
    assert float(optimizer.learning_rate) == 0.5 and "0.5" in repr(optimizer.learning_rate)


def test_the_learning_rate_is_rounded_as_float32():
    assert tw.optimizers.Adam().get_config()["learning_rate"] == 0.0010000000474974513
    assert float(tw.optimizers.Adam().learning_rate) == float(tw.tensor(0.001))


def test_iterations_count_and_can_be_read_in_ops(backend):
    optimizer = tw.optimizers.SGD()
    v = tw.Variable(1.0)
    for i in range(3):
        assert int(optimizer.iterations) == i and (optimizer.iterations + 1).tolist() == i + 1 and optimizer.iterations == i
        assert optimizer.apply_gradients([(tw.tensor(1.0), v)]) is optimizer.iterations
    optimizer.iterations.assign(10)
    assert int(optimizer.iterations) == 10 and optimizer.iterations.dtype == "int32" and range(20)[optimizer.iterations] == 10
    accumulating = tw.optimizers.SGD(gradient_accumulation_steps=2)
    assert stepped(accumulating, 5, gradient=1.0) == pytest.approx(0.98) and int(accumulating.iterations) == 2


def test_a_schedule_drives_the_rate():
    optimizer = tw.optimizers.SGD(schedules.PiecewiseConstantDecay([0], [1.0, 0.1]))
    v = tw.Variable(0.0)
    optimizer.apply([tw.tensor(1.0)], [v])
    assert float(optimizer.learning_rate) == pytest.approx(0.1) and float(v) == -1.0
    assert [x.path.rpartition("/")[2] for x in optimizer.variables] == ["iteration"]
    with pytest.raises(TypeError, match="learning_rate: expected a schedule or function"):
        optimizer.learning_rate = 2.0
    optimizer.learning_rate = schedules.ExponentialDecay(1.0, 1, 0.5)
    optimizer.apply([tw.tensor(1.0)], [v])
    assert float(v) == -1.5


class Halving(schedules.LearningRateSchedule):
    """As users write them: ops on the step, which is a variable."""

    def __init__(self, start):
        self.start = start

    def __call__(self, step):
        return self.start / (tw.cast(step, "float32") + 1)

    def get_config(self):
        return {"start": self.start}


def test_own_schedules_and_functions_as_rates(backend):
    optimizer = tw.optimizers.SGD(Halving(0.5))
    assert stepped(optimizer, 2) == 0.25 and float(optimizer.learning_rate) == pytest.approx(0.5 / 3)
    for name in ("Adam", "Adafactor", "Ftrl", "Lamb", "Muon", "Nadam", "ScheduleFreeAdamW", "AdamW"):
        cls = getattr(tw.optimizers, name)
        values = []
        for rate in (Halving(0.5), lambda: 0.5):
            v = tw.Variable([[1.0, 2.0], [3.0, -4.0]])
            cls(rate).apply([tw.tensor([[1.0, 0.5], [-1.0, 1.0]])], [v])
            values += v.tolist()
        assert values[:2] == [pytest.approx(r, rel=1e-6) for r in values[2:]], name
    config = tw.optimizers.serialize(optimizer)
    assert config["config"]["learning_rate"]["class_name"] == "Halving"
    assert tw.optimizers.deserialize(config, {"Halving": Halving}).learning_rate.shape == ()
    with CustomObjectScope({"Halving": Halving}):
        assert tw.optimizers.get(config)._learning_rate.start == 0.5
    box = [0.5]
    optimizer = tw.optimizers.SGD(lambda: box[0])
    v = tw.Variable(0.0)
    for box[0] in (0.5, 0.25):
        optimizer.apply([tw.tensor(1.0)], [v])
    assert float(v) == -0.75 and optimizer.learning_rate == 0.25
    optimizer = tw.optimizers.SGD(0.5)
    optimizer.learning_rate = lambda: 0.25
    assert len(optimizer.variables) == 1 and stepped(optimizer) == 0.75


def test_a_subclass_of_a_built_in_schedule_counts():
    class Twice(schedules.CosineDecay):
        def __call__(self, step):
            return super().__call__(step) * 2

    assert stepped(tw.optimizers.SGD(Twice(0.25, 10))) == 0.5


def test_wrong_schedules():
    with pytest.raises(ValueError, match="CosineDecay: expected decay_steps > 0, got 0"):
        schedules.CosineDecay(0.1, 0)
    with pytest.raises(ValueError, match="first_decay_steps > 0"):
        schedules.CosineDecayRestarts(0.1, -1)
    with pytest.raises(ValueError, match="one value more than boundaries"):
        schedules.PiecewiseConstantDecay([1], [1.0])
    with pytest.raises(NotImplementedError):
        schedules.LearningRateSchedule()(0)


# --- variables, constraints, own optimizers ---


class Momentum(tw.optimizers.Optimizer):
    """As Keras's guide writes one."""

    def __init__(self, learning_rate=0.5, mu=0.5, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.mu = mu

    def build(self, variables):
        super().build(variables)
        self.momentums = [self.add_variable_from_reference(reference_variable=v, name="momentum") for v in variables]
        self.count = tw.Variable(0.0, name="count")

    def update_step(self, gradient, variable, learning_rate):
        learning_rate = tw.cast(learning_rate, variable.dtype)
        gradient = tw.cast(gradient, variable.dtype)
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, tw.subtract(tw.multiply(m, tw.cast(self.mu, variable.dtype)), tw.multiply(gradient, learning_rate)))
        self.assign_add(variable, m)
        self.assign_sub(self.count, -1)

    def get_config(self):
        return {**super().get_config(), "mu": self.mu}


def test_an_own_optimizer(backend):
    optimizer, like = Momentum(), tw.optimizers.SGD(0.5, momentum=0.5)
    assert stepped(optimizer, 3) == stepped(like, 3)
    assert [v.name.rpartition("_")[2] for v in optimizer.variables] == ["iteration", "rate", "momentum", "count"]
    assert float(optimizer.count) == 3.0
    config = tw.optimizers.serialize(optimizer)
    again = tw.optimizers.deserialize(config, custom_objects={"Momentum": Momentum})
    assert type(again) is Momentum and again.get_config() == optimizer.get_config()
    assert type(tw.optimizers.deserialize(config)) is Momentum, "its module is loaded"
    with pytest.raises(ValueError, match="Momentum"):
        tw.optimizers.deserialize({**config, "module": "elsewhere"})
    with pytest.raises(NotImplementedError, match="must define update_step"):
        tw.optimizers.Optimizer(0.1).apply([tw.tensor(1.0)], [tw.Variable(1.0)])


def test_variables_of_one_element(backend):
    for shape in ((), (1,), (1, 1), (0,), (2, 0)):
        for name in ("SGD", "Adam", "Adafactor", "Lamb", "RMSprop", "Nadam", "Ftrl"):
            v = tw.Variable(ones(*shape))
            optimizer = getattr(tw.optimizers, name)(0.5)
            for _ in range(2):
                optimizer.apply([ones(*shape)], [v])
            assert v.shape == shape and all(x < 1 for x in tw.reshape(v, -1).tolist()), (name, shape)


def test_add_variable_takes_initializers():
    optimizer = tw.optimizers.SGD(name="mine")
    v = optimizer.add_variable((2,), initializer="ones", name="extra")
    assert v.tolist() == [1.0, 1.0] and v.path == "mine/extra" and optimizer.variables[-1] is v
    assert optimizer.add_variable((2,), initializer=lambda shape, dtype: tw.full(shape, 3, dtype), dtype="int32").tolist() == [3, 3]
    with pytest.raises(ValueError, match="expected 2 initializers, got 1"):
        optimizer.add_optimizer_variables([v], ["a", "b"], ["zeros"])


def test_overwrite_with_gradient():
    plain, special = tw.Variable(1.0), tw.Variable(1.0)
    special.overwrite_with_gradient = True
    optimizer = tw.optimizers.SGD(0.5, momentum=0.5, loss_scale_factor=2.0, gradient_accumulation_steps=2)
    for g in (4.0, 2.0):
        optimizer.apply([tw.tensor(g), tw.tensor(g)], [plain, special])
    assert float(special) == 4.0 and float(plain) == 1 - 0.5 * 1.5  # the largest one; the mean of the unscaled ones


def test_a_constraint_is_applied_after_the_update():
    v = tw.Variable([1.0, -1.0])
    v.constraint = lambda w: tw.clip(w, 0.0, 1.0)
    tw.optimizers.SGD(0.25).apply([tw.tensor([1.0, 1.0])], [v])
    assert v.tolist() == [0.75, 0.0]


def test_gradients_of_other_kinds(backend):
    assert stepped(tw.optimizers.SGD(0.5), gradient=1.0) == 0.5
    v = tw.Variable([1.0, 1.0])
    tw.optimizers.SGD(0.5).apply([[1.0, 2.0]], [v])
    assert v.tolist() == [0.5, 0.0]
    half = tw.Variable(tw.tensor([1.0], dtype="float16"))
    optimizer = tw.optimizers.Adam(0.5)
    optimizer.apply([tw.tensor([1.0])], [half])
    assert half.dtype == "float16" and half.tolist() == [pytest.approx(0.5, abs=1e-3)]
    assert {s.dtype for s in optimizer.variables} == {"int32", "float32", "float16"}


def test_nothing_is_recorded_on_a_tape():
    v = tw.Variable([1.0, 2.0])
    with tw.GradientTape() as tape:
        y = tw.sum(v * v)
        tw.optimizers.Adam(0.5).apply([ones(2)], [v])
    assert tape.gradient(y, v).tolist() == [2.0, 4.0]


def test_minimize_and_var_list():
    x, y = tw.Variable(3.0), tw.Variable(4.0)
    optimizer = tw.optimizers.SGD(0.1)
    assert float(optimizer.minimize(lambda: x * x + y * y, [x])) == 25.0
    assert float(x) == pytest.approx(2.4) and float(y) == 4.0
    scaled = tw.optimizers.LossScaleOptimizer(tw.optimizers.SGD(0.1), initial_scale=1024.0)
    assert float(scaled.minimize(lambda: y * y)) == 16.0 and float(y) == pytest.approx(3.2)


def test_weights_in_and_out():
    v = tw.Variable([1.0, 2.0])
    optimizer = tw.optimizers.Adam(0.5)
    with pytest.raises(ValueError, match="set_weights: expected an optimizer that is built"):
        optimizer.set_weights([])
    optimizer.apply([ones(2)], [v])
    weights = optimizer.get_weights()
    assert [w.tolist() for w in weights][:2] == [1, 0.5]
    with pytest.raises(ValueError, match=r"set_weights: expected shape \(2,\)"):
        optimizer.set_weights([5, 0.25, *weights[:2]])
    assert int(optimizer.iterations) == 1
    optimizer.set_weights([5, 0.25, [0.0, 1.0], [2.0, 3.0]])
    assert int(optimizer.iterations) == 5 and float(optimizer.learning_rate) == 0.25
    with pytest.warns(UserWarning, match="has 2 variables, the file 4"):
        tw.optimizers.SGD().load_own_variables({str(i): w for i, w in enumerate(weights)})


# --- wrappers ---


def test_the_loss_scale_adapts():
    v = tw.Variable(1.0)
    optimizer = tw.optimizers.LossScaleOptimizer(tw.optimizers.SGD(0.5), initial_scale=4.0, dynamic_growth_steps=2)
    assert float(optimizer.scale_loss(tw.tensor(2.0))) == 8.0
    optimizer.learning_rate = 0.25
    scales = []
    for g in (4.0, 4.0, math.inf, math.nan, 4.0):
        optimizer.apply([tw.tensor(g)], [v])
        scales.append(float(optimizer.dynamic_scale))
    assert scales == [4.0, 8.0, 4.0, 2.0, 2.0] and int(optimizer.iterations) == 3 and int(optimizer.step_counter) == 1
    assert float(v) == 1 - 0.25 * (1 + 1 + 2) and float(optimizer.scale_loss(1.0)) == 2.0
    with pytest.raises(ValueError, match=r"expected no other arguments, got clipnorm=1\.0"):
        tw.optimizers.LossScaleOptimizer(tw.optimizers.SGD(), clipnorm=1.0)


def test_different_optimizers_for_different_variables():
    sgd, adam = tw.optimizers.SGD(0.5), tw.optimizers.Adam(0.5)
    table = tw.optimizers.OptimizerMap(sgd, {"encoder/.*": adam})
    a, b = tw.Variable(1.0, name="a"), tw.Variable(1.0, name="b")
    a.path = "encoder/a"
    assert table["encoder/a"] is adam and table["decoder"] is sgd and table(b) is sgd and list(table) == ["encoder/.*"]
    with pytest.raises(ValueError, match="expected a new key"):
        table["encoder/.*"] = sgd
    table["enc.*"] = sgd
    with pytest.raises(ValueError, match="expected one pattern that matches"):
        table["encoder/a"]
    del table["enc.*"]
    with pytest.raises(TypeError, match="default_optimizer to be an Optimizer"):
        tw.optimizers.OptimizerMap("sgd")
    optimizer = tw.optimizers.MultiOptimizer(table)
    optimizer.apply([tw.tensor(2.0), tw.tensor(2.0)], [a, b])
    assert (float(a), float(b)) == (pytest.approx(0.5, rel=1e-4), 0.0) and optimizer.optimizers == [adam, sgd]
    assert int(optimizer.iterations) == 1 and not hasattr(optimizer, "learning_rate")
    chosen = tw.optimizers.MultiOptimizer(lambda v: "sgd")
    with pytest.raises(ValueError, match="an Optimizer that wraps no others for 'a'"):
        chosen.build([a])


# --- names and configs ---


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop", "adagrad", "adadelta", "adamax", "Nadam", "FTRL", "lion", "AdamW", "lamb"])
def test_get_by_name(name):
    assert type(tw.optimizers.get(name)).__name__.lower() == name.lower()


def test_get():
    momentum = tw.optimizers.get("momentum")
    assert type(momentum) is tw.optimizers.SGD and momentum.momentum == 0.9
    assert tw.optimizers.get(None) is None and tw.optimizers.get(momentum) is momentum
    for wrong in ("nope", 3, tw.optimizers.SGD, {"class_name": "nope", "config": {}}, "zeros"):
        with pytest.raises(ValueError):
            tw.optimizers.get(wrong)


OLD = [  # as Keras 2 and TensorFlow.js write them
    ("Adam", {"name": "Adam", "learning_rate": 0.5, "decay": 0.0, "beta_1": 0.8, "amsgrad": True}, {"beta_1": 0.8, "amsgrad": True}),
    ("SGD", {"lr": 0.5, "momentum": 0.25, "decay": 0.0, "nesterov": True}, {"momentum": 0.25, "nesterov": True}),
    ("Adam", {"learning_rate": 0.5, "is_legacy_optimizer": False, "jit_compile": True, "weight_decay": None}, {"weight_decay": None}),
    ("RMSprop", {"learning_rate": 0.5, "decay": 0.25, "rho": 0.75, "centered": False}, {"rho": 0.75}),
    ("RMSProp", {"learningRate": 0.5, "decay": 0.75, "momentum": 0.5, "epsilon": 1e-7, "centered": True}, {"rho": 0.75, "centered": True}),
    ("Adam", {"learningRate": 0.5, "beta1": 0.8, "beta2": 0.9, "epsilon": None}, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-7}),
    ("Adagrad", {"learningRate": 0.5, "initialAccumulatorValue": 0.2}, {"initial_accumulator_value": 0.2}),
    ("Momentum", {"learningRate": 0.5, "momentum": 0.25, "useNesterov": True}, {"momentum": 0.25, "nesterov": True}),
]


@pytest.mark.parametrize(("name", "config", "expected"), OLD)
def test_configs_of_keras_2_and_tensorflow_js(name, config, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = tw.optimizers.deserialize({"class_name": name, "config": config})
    found = optimizer.get_config()
    assert found["learning_rate"] == 0.5 and {k: found[k] for k in expected} == expected


def test_a_schedule_of_keras_2_in_a_config():
    config = {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.5, "decay_steps": 1, "decay_rate": 0.5}}
    optimizer = tw.optimizers.deserialize({"class_name": "SGD", "config": {"learning_rate": config, "name": "SGD"}})
    assert stepped(optimizer, 2) == 0.25


def test_copies_are_new_optimizers_of_the_same_config():
    optimizer = tw.optimizers.Adam(schedules.CosineDecay(0.5, 10), beta_1=0.5)
    stepped(optimizer)
    for twin in (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)):
        assert twin.get_config() == optimizer.get_config() and not twin.built and int(twin.iterations) == 0


def test_default_names_count():
    naming.clear_session()
    assert [tw.optimizers.RMSprop().name for _ in range(2)] == ["rm_sprop", "rm_sprop_1"] and tw.optimizers.Adam(name="x").name == "x"


# --- wrong use ---


def test_wrong_use_changes_nothing():
    x, y = tw.Variable([1.0, 2.0]), tw.Variable([3.0])
    optimizer = tw.optimizers.Adam(name="adam")
    with pytest.raises(ValueError, match=r"adam: expected a gradient of shape \(1,\), got \(2,\)"):
        optimizer.apply([ones(2), ones(2)], [x, y])
    assert x.tolist() == [1.0, 2.0] and int(optimizer.iterations) == 0
    with pytest.raises(ValueError, match="adam: expected a gradient for some variable, got none"):
        optimizer.apply([None, None], [x, y])
    with pytest.raises(ValueError, match="adam: expected variables it was built with, got unknown variable 'z'"):
        optimizer.apply([ones(1)], [tw.Variable([1.0], name="z")])
    with pytest.raises(ValueError, match="adam: expected 2 gradients, one a variable, got 1"):
        optimizer.apply([ones(2)])
    with pytest.raises(ValueError, match="expected the gradients' variables, got none"):
        tw.optimizers.Adam().apply([ones(2)])
    with pytest.raises(ValueError, match="minimize: expected a function that returns a scalar tensor"):
        optimizer.minimize(lambda: x * 2)
    with pytest.raises(ValueError, match="stateless_apply: expected 6 optimizer_variables, got 0"):
        optimizer.stateless_apply([], [ones(2), ones(1)], [ones(2), ones(1)])
    with pytest.warns(UserWarning, match="no gradients for the variables"):
        optimizer.apply([None, ones(1)], [x, y])
    assert x.tolist() == [1.0, 2.0] and y.tolist() != [3.0]
    optimizer.apply([], [])
    assert int(optimizer.iterations) == 1


WRONG = [
    ("SGD", {"clipnorm": 1.0, "clipvalue": 1.0}, "at most one kind of clipping"),
    ("SGD", {"momentum": 2.0}, "momentum to be a float between 0 and 1"),
    ("SGD", {"momentum": "a"}, "momentum to be a float between 0 and 1"),
    ("SGD", {"learning_rate": "fast"}, "expected a learning_rate that is a number"),
    ("SGD", {"learning_rate": None}, "expected a learning_rate that is a number"),
    ("Adam", {"foo": 1}, "expected known arguments, got {'foo': 1}"),
    ("Adam", {"gradient_accumulation_steps": 1}, "gradient_accumulation_steps >= 2"),
    ("Adam", {"use_ema": True, "ema_momentum": 1.5}, r"ema_momentum in \[0, 1\]"),
    ("Adam", {"use_ema": True, "ema_overwrite_frequency": 0.5}, "ema_overwrite_frequency"),
    ("AdamW", {"weight_decay": None}, "weight_decay to be a float"),
    ("Lion", {"beta_1": 0.0}, "beta_1 in"), ("Ftrl", {"learning_rate_power": 0.5}, "learning_rate_power <= 0"),
    ("Ftrl", {"l1_regularization_strength": -1.0}, "l1_regularization_strength >= 0"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "config", "text"), WRONG)
def test_wrong_arguments(name, config, text):
    with pytest.raises(ValueError, match=text):
        getattr(tw.optimizers, name)(**config)


def test_arguments_by_place():
    assert tw.optimizers.Adam(0.5, 0.25, 0.75).get_config()["beta_2"] == 0.75
    with pytest.raises(ValueError, match="at most once"):
        tw.optimizers.Adam(0.5, learning_rate=0.5)
    with pytest.warns(UserWarning, match="`decay` is ignored"):
        tw.optimizers.Adam(decay=0.5)
