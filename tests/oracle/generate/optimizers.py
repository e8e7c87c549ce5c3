"""Steps of each optimizer as Keras takes them, written to tests/data/optimizers.json; replayed by tests/unit/test_optimizers.py.

Keras runs in float64 (the learning rate is a float32 variable all the same), so that what is compared are formulas, not roundings.
"""

import inspect
import json
import math
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

R = 9  # significant digits
SCHEDULE = {"module": "keras.optimizers.schedules", "class_name": "CosineDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 6}}


def inner(name, **config):
    return {"module": "keras.optimizers", "class_name": name, "config": config, "registered_name": None}


MAP = {
    "default_optimizer": inner("SGD", learning_rate=0.1, momentum=0.9),
    "optimizer_map": {"dense/.*": inner("Adam", learning_rate=0.1), "bias": inner("RMSprop")},
}
FTRL = {
    "l1_regularization_strength": 0.1, "l2_regularization_strength": 0.05, "l2_shrinkage_regularization_strength": 0.2, "beta": 0.3,
    "learning_rate_power": -0.7, "initial_accumulator_value": 0.3, "learning_rate": 0.1,
}  # fmt: skip

RUNS = [
    ("SGD", {}), ("SGD", {"learning_rate": 0.1, "momentum": 0.9}), ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"learning_rate": 1.0, "clipnorm": 0.5}), ("SGD", {"learning_rate": 1.0, "clipvalue": 0.2}),
    ("SGD", {"learning_rate": 1.0, "global_clipnorm": 0.7}), ("SGD", {"learning_rate": 0.1, "weight_decay": 0.1, "momentum": 0.5}),
    ("SGD", {"learning_rate": SCHEDULE}), ("SGD", {"learning_rate": 0.1, "loss_scale_factor": 4.0}),
    ("SGD", {"learning_rate": 0.1, "use_ema": True}), ("SGD", {"learning_rate": 0.1, "gradient_accumulation_steps": 3, "momentum": 0.9}),
    ("Adagrad", {}), ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 1e-3}),
    ("Adadelta", {"learning_rate": 1.0}), ("Adadelta", {"rho": 0.5, "epsilon": 1e-3}), ("Adadelta", {"weight_decay": 0.3, "clipnorm": 0.3}),
    ("Adam", {}), ("Adam", {"amsgrad": True, "learning_rate": 0.05}), ("Adam", {"learning_rate": SCHEDULE, "weight_decay": 0.02}),
    ("Adam", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    ("Adam", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3}),
    ("Adam", {"learning_rate": 0.1, "gradient_accumulation_steps": 2, "clipvalue": 0.4}),
    ("Adam", {"learning_rate": SCHEDULE, "gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2, "amsgrad": True}),
    ("AdamW", {}), ("AdamW", {"learning_rate": 0.1, "weight_decay": 0.1}), ("AdamW", {"learning_rate": 0.1, "amsgrad": True}),
    ("Adamax", {}), ("Adamax", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}), ("Adamax", {"learning_rate": SCHEDULE}),
    ("Nadam", {}), ("Nadam", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    ("Nadam", {"learning_rate": 0.1, "gradient_accumulation_steps": 2}),
    ("Lion", {}), ("Lion", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.6, "weight_decay": 0.1}),
    ("RMSprop", {}), ("RMSprop", {"momentum": 0.9}), ("RMSprop", {"centered": True}),
    ("RMSprop", {"centered": True, "momentum": 0.5, "rho": 0.5, "epsilon": 1e-3, "global_clipnorm": 1.0}),
    ("Ftrl", {}), ("Ftrl", FTRL), ("Ftrl", {**FTRL, "learning_rate": SCHEDULE, "learning_rate_power": -0.5}),
    ("Adafactor", {}), ("Adafactor", {"learning_rate": 0.5, "relative_step": False, "clip_threshold": 0.5, "beta_2_decay": -0.5}),
    ("Adafactor", {"learning_rate": SCHEDULE, "epsilon_2": 0.1, "weight_decay": 0.1}), ("Adafactor", {"learning_rate": 2.0}),
    ("Lamb", {}), ("Lamb", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3, "weight_decay": 0.1}),
    ("Lamb", {"learning_rate": SCHEDULE}), ("Muon", {"learning_rate": 0.1}), ("Muon", {"learning_rate": SCHEDULE, "nesterov": False}),
    ("Muon", {"learning_rate": 0.1, "rms_rate": None, "ns_steps": 3, "momentum": 0.5, "weight_decay": None, "adam_lr_ratio": 0.5}),
    ("Muon", {"learning_rate": 0.1, "exclude_layers": ["dense"], "adam_weight_decay": 0.1}),
    ("Muon", {"learning_rate": 0.1, "exclude_embeddings": False, "adam_weight_decay": None}),
    ("ScheduleFreeAdamW", {}), ("ScheduleFreeAdamW", {"learning_rate": 0.1, "warmup_steps": 5, "weight_decay": 0.1, "beta_1": 0.6}),
    ("LossScaleOptimizer", {"inner_optimizer": inner("Adam", learning_rate=0.1), "initial_scale": 8.0, "dynamic_growth_steps": 3}),
    ("MultiOptimizer", {"optimizer_map": inner("OptimizerMap", **MAP)}),
    ("MultiOptimizer", {"optimizer_map": inner("OptimizerMap", **MAP), "loss_scale_factor": 2.0}),
]  # fmt: skip

SPECIAL = [  # with something done to the variables or the optimizer
    ("SGD", {"learning_rate": 0.3}, {"constraint": True}), ("Adam", {"learning_rate": 0.3, "use_ema": True}, {"constraint": True}),
    ("AdamW", {"learning_rate": 0.3, "weight_decay": 0.2}, {"exclude": ["bias", "emb"]}),
    ("Muon", {"learning_rate": 0.1}, {"exclude": ["kernel"]}), ("Adam", {"learning_rate": 0.1}, {"infinite": True}),
    ("LossScaleOptimizer", {"inner_optimizer": inner("SGD"), "initial_scale": 8.0, "dynamic_growth_steps": 2}, {"infinite": True}),
    ("SGD", {"learning_rate": 0.1, "global_clipnorm": 1.0}, {"infinite": True}), ("SGD", {"clipnorm": 1.0}, {"infinite": True}),
]  # fmt: skip

SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True, "name": "mine"}),
    ("PiecewiseConstantDecay", {"boundaries": [5, 20], "values": [1.0, 0.5, 0.1]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "end_learning_rate": 0.01, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "warmup_steps": 5}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 20, "warmup_target": 0.1, "warmup_steps": 5}),
    ("CosineDecay", {"initial_learning_rate": 0.2, "decay_steps": 10, "warmup_target": 0.1, "warmup_steps": 0, "alpha": 0.5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 7}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 7, "t_mul": 1.0, "m_mul": 0.5, "alpha": 0.1}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 1.5, "m_mul": 0.9}),
]  # fmt: skip

STEPS = [0, 1, 4, 5, 6, 7, 10, 13, 20, 21, 35]
PATHS = ["dense/kernel", "bias", "scale", "embeddings", "conv/kernel"]
SHAPES = [(3, 2), (4,), (), (2, 3), (2, 1, 3)]


def rounded(x):
    return [rounded(v) for v in x] if isinstance(x, list) else float(f"%.{R}g" % x) if math.isfinite(x) else str(x)


def plain(array):
    return rounded(np.asarray(array, "float64").tolist())


def gradients_of(start):
    rng = np.random.default_rng(1)
    steps = [[rng.normal(size=v.shape) for v in start] for _ in range(8)]
    steps[2] = [np.zeros_like(v) for v in start]
    steps[4][0] = np.zeros_like(start[0])
    steps[5][2] = np.asarray(30.0)
    steps[6] = [g * 1e-4 for g in steps[6]]
    return [[np.asarray(g, "float32").astype("float64") for g in step] for step in steps]


def variables_of(start, special, dtype):
    made = []
    for path, v in zip(PATHS, start, strict=True):
        scope, _, name = path.rpartition("/")
        with keras.name_scope(scope or "x") if scope else keras.name_scope(""):
            made.append(keras.Variable(v, name=name, dtype=dtype))
        assert made[-1].path == path, made[-1].path
        if special.get("constraint"):
            made[-1].constraint = keras.constraints.NonNeg()
    return made


def rebind(variable, value):
    variable._value = tf.Variable(variable.value - value)


def run_of(name, config, special, start, gradients):
    keras.backend.clear_session()
    optimizer = getattr(keras.optimizers, name).from_config(json.loads(json.dumps(config)))
    dtype = "float32" if name == "Muon" else "float64"  # Keras's Muon knows only float32
    variables = variables_of(start, special, dtype)
    if "exclude" in special:
        optimizer.exclude_from_weight_decay(var_names=special["exclude"])
    optimizer.build(variables)
    if name == "ScheduleFreeAdamW":
        # Its `momentum_old = momentum.value` is the old value on JAX, as published, but on TensorFlow the variable, changed by then.
        optimizer.assign_sub = rebind
    trajectory = []
    for i, step in enumerate(gradients):
        step = [np.where(np.arange(g.size).reshape(g.shape) == 0, np.inf, g) if special.get("infinite") and i == 3 else g for g in step]
        optimizer.apply_gradients([(keras.ops.convert_to_tensor(g, dtype), v) for g, v in zip(step, variables, strict=True)])
        trajectory.append([plain(v.numpy()) for v in variables])
    state = [[v.path, list(v.shape), plain(v.numpy())] for v in optimizer.variables]
    optimizer.finalize_variable_values(variables)
    serialized = keras.optimizers.serialize(optimizer)
    return {
        "name": name, "config": config, "special": special, "trajectory": trajectory, "state": state, "serialized": serialized,
        "final": [plain(v.numpy()) for v in variables], "iterations": int(optimizer.iterations),
    }  # fmt: skip


def signature(cls):
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return [[p.name, None if p.default is inspect.Parameter.empty else repr(p.default)] for p in parameters]


class _Optimizers:
    def write(self):
        rng = np.random.default_rng(0)
        start = [np.asarray(rng.normal(size=s), "float32").astype("float64") for s in SHAPES]
        gradients = gradients_of(start)
        runs = [run_of(*r, *(() if len(r) == 3 else ({},)), start, gradients) for r in (*RUNS, *SPECIAL)]
        rates = []
        for name, config in SCHEDULES:
            schedule = getattr(keras.optimizers.schedules, name)(**config)
            serialized = keras.optimizers.schedules.serialize(schedule)
            rates.append({"name": name, "config": config, "rates": [float(schedule(s)) for s in STEPS], "serialized": serialized})
        houses = {"optimizers": keras.optimizers, "optimizers.schedules": keras.optimizers.schedules}
        data = {
            "paths": PATHS, "start": [plain(v) for v in start], "gradients": [[plain(g) for g in step] for step in gradients],
            "optimizers": runs, "steps": STEPS, "schedules": rates,
            "names": {k: [n for n in dir(m) if not n.startswith("_")] for k, m in houses.items()},
            "members": [n for n in dir(keras.optimizers.Optimizer) if not n.startswith("_")],
            "signatures": {
                f"{k}.{n}": signature(c) for k, m in houses.items() for n, c in vars(m).items()
                if inspect.isclass(c) and "__init__" in vars(c)
            },
        }  # fmt: skip
        path = Path(__file__).parents[2] / "data" / "optimizers.json"
        path.write_text(json.dumps(data, separators=(",", ":")) + "\n")
        print(f"optimizers: {len(runs)} runs, {len(rates)} schedules, {path.stat().st_size} bytes")


cases = _Optimizers()
