"""Six steps of each optimizer as Keras takes them, written to tests/data/optimizers.json; replayed by tests/unit/test_optimizers.py."""

import json
from pathlib import Path

import keras
import numpy as np

CONFIGS = [
    ("SGD", {}), ("SGD", {"learning_rate": 0.1, "momentum": 0.9}), ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"clipnorm": 0.5}), ("SGD", {"clipvalue": 0.2}), ("SGD", {"global_clipnorm": 0.7}), ("SGD", {"weight_decay": 0.1}),
    ("Adagrad", {}), ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "epsilon": 1e-3}),
    ("Adadelta", {"learning_rate": 1.0}), ("Adadelta", {"rho": 0.5, "epsilon": 1e-3}), ("Adam", {}), ("Adam", {"amsgrad": True}),
    ("Adam", {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}), ("AdamW", {}),
    ("AdamW", {"learning_rate": 0.1, "weight_decay": 0.1}), ("Adamax", {}), ("Adamax", {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    ("RMSprop", {}), ("RMSprop", {"momentum": 0.9}), ("RMSprop", {"centered": True}),
    ("RMSprop", {"centered": True, "momentum": 0.5, "rho": 0.5, "epsilon": 1e-3}),
]  # fmt: skip

SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [5, 20], "values": [1.0, 0.5, 0.1]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "end_learning_rate": 0.01, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 20, "warmup_target": 0.1, "warmup_steps": 5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 7}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 7, "t_mul": 1.0, "m_mul": 0.5, "alpha": 0.1}),
]  # fmt: skip

STEPS = [0, 1, 4, 5, 6, 7, 10, 13, 20, 21, 35]


class _Optimizers:
    def write(self):
        rng = np.random.default_rng(0)
        start = [rng.normal(size=s).astype("float32") for s in ((3, 2), (4,))]
        gradients = [[rng.normal(size=v.shape).astype("float32") for v in start] for _ in range(6)]
        results = []
        for name, config in CONFIGS:
            optimizer = getattr(keras.optimizers, name)(**config)
            variables = [keras.Variable(v) for v in start]
            for step in gradients:
                optimizer.apply_gradients([(keras.ops.convert_to_tensor(g), v) for g, v in zip(step, variables)])
            results.append({"name": name, "config": config, "end": [np.array(v.numpy()).tolist() for v in variables]})
        rates = []
        for name, config in SCHEDULES:
            schedule = getattr(keras.optimizers.schedules, name)(**config)
            rates.append({"name": name, "config": config, "rates": [float(schedule(s)) for s in STEPS]})
        data = {
            "start": [v.tolist() for v in start], "gradients": [[g.tolist() for g in step] for step in gradients], "optimizers": results,
            "steps": STEPS, "schedules": rates,
        }  # fmt: skip
        path = Path(__file__).parents[2] / "data" / "optimizers.json"
        path.write_text(json.dumps(data, separators=(",", ":")) + "\n")
        print(f"optimizers: {len(results)} runs, {len(rates)} schedules")


cases = _Optimizers()
