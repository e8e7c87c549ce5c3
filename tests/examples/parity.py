"""The first losses of each example from equal weights on equal batches, written once for real Keras and for TensorWeb.

An example's source is run as a module of its own; for real Keras the lines that import tensorweb are changed first. What is random
within a step is made equal: no dropout, and noise by NumPy's generator in place of the library's. Tests are not here.
"""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path

import numpy as np
import tensorweb_datasets

FOLDER = Path(__file__).parents[2] / "examples"
STEPS = 20


def load(name, real_keras=False):
    """Return a fresh module of the example; with real Keras instead of TensorWeb if so wished."""
    source = (FOLDER / f"{name}.py").read_text()
    if real_keras:
        source = re.sub(r"^import tensorweb as keras$", "import keras", source, flags=re.M)
        source = re.sub(r"^from tensorweb import (GradientTape)(, )?", r"from tensorflow import \1\nfrom keras import ", source, flags=re.M)
        source = re.sub(r"^from keras import $", "", source, flags=re.M)
        source = re.sub(r"^from tensorweb import ", "from keras import ", source, flags=re.M)
        assert "tensorweb" not in source, name
    # Registered names of classes hold the module's name only by the examples' own packages: both modules give the same ones.
    module = types.ModuleType(f"parity_{'keras' if real_keras else 'tensorweb'}_{name}")
    sys.modules[module.__name__] = module
    exec(compile(source, str(FOLDER / f"{name}.py"), "exec"), module.__dict__)
    if hasattr(module, "DROPOUT"):
        module.DROPOUT = 0.0
    return module


def digits():
    """Return the digits as Keras's mnist.load_data does, for where there is no network."""
    raw = tensorweb_datasets.mnist()

    def part(images, labels):
        return np.frombuffer(images, np.uint8).reshape(-1, 28, 28), np.frombuffer(labels, np.uint8)

    return part(raw.train_images, raw.train_labels), part(raw.test_images, raw.test_labels)


def equal_weights(*models):
    """Set weights by NumPy's generator: matrices small, all else as it is."""
    rng = np.random.default_rng(11)
    for model in models:
        made = []
        for w in (np.array(w) for w in model.get_weights()):
            if w.ndim > 1:
                w = (rng.normal(0, 1, w.shape) * np.sqrt(1.5 / np.prod(w.shape[:-1]))).astype("float32")
            made.append(w)
        model.set_weights(made)
    return models[0]


def rows(value, chosen):
    """Return some rows of arrays in dicts, lists or alone."""
    if isinstance(value, dict):
        return {k: rows(v, chosen) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rows(v, chosen) for v in value]
    return value[chosen]


def on_batches(model, batches):
    """Return the loss of one training step on each batch."""
    found = []
    for batch in batches:
        logs = model.train_on_batch(*batch, return_dict=True)
        found.append({k: float(v) for k, v in logs.items() if "loss" in k})
    return found


def batches_of(size, *data, count=STEPS):
    """Return the first batches of arrays."""
    return [[rows(d, slice(i * size, (i + 1) * size)) for d in data] for i in range(count)]


def usual(module):
    """Return the losses of an example that trains one model on arrays."""
    (x, y), _ = module.load_data()
    model = module.make_model(x) if module.make_model.__code__.co_varnames[:1] == ("x",) else module.make_model()
    return on_batches(equal_weights(model), batches_of(module.BATCH_SIZE, x, y))


def variational_autoencoder(module):
    """Return the losses with equal noise."""
    x, _ = module.load_data()
    model = with_equal_noise(module, module.make_model())
    equal_weights(model.encoder, model.decoder)
    return steps(model, batches_of(module.BATCH_SIZE, x))


def gan(module):
    """Return the losses of both players with equal noise."""
    x, _ = module.load_data()
    model = with_equal_noise(module, module.make_model())
    equal_weights(model.discriminator, model.generator)
    return steps(model, batches_of(module.BATCH_SIZE, x, count=10))


def steps(model, batches):
    """Return the losses of training steps of one's own, whose metrics begin anew at each step."""
    found = []
    for (x,) in batches:
        model.reset_metrics()
        logs = model.train_step(x)
        found.append({k: float(v) for k, v in logs.items()})
    return found


def with_equal_noise(module, model):
    """Let the example draw its noise from NumPy's generator from now on; return the model."""
    rng, library = np.random.default_rng(13), module.keras

    def normal(shape, seed=None):
        return module.ops.convert_to_tensor(rng.normal(size=tuple(int(size) for size in shape)).astype("float32"))

    keras = types.ModuleType("keras")
    keras.__dict__.update({name: getattr(library, name) for name in dir(library) if not name.startswith("_")})
    keras.random = types.SimpleNamespace(normal=normal, SeedGenerator=library.random.SeedGenerator)
    module.keras = keras
    return model


def timeseries_lstm(module):
    """Return the losses on the windows in their order."""
    _, test = module.load_data()
    found = [(np.array(x), np.array(y)) for x, y in test]
    return on_batches(equal_weights(module.make_model()), (found * 3)[:STEPS])


def transfer_learning(module):
    """Return the losses of the base, of a head on the frozen base, and of all."""
    (low, _), (high, _) = module.load_data()
    base = module.make_base()
    first = equal_weights(module.make_model(base))
    found = on_batches(first, batches_of(32, *low, count=8))
    base.trainable = False
    model = module.make_model(base)
    rng = np.random.default_rng(5)
    head = [rng.normal(0, 0.05, np.array(w).shape).astype("float32") for w in model.get_weights()[-2:]]
    model.set_weights([*model.get_weights()[:-2], *head])
    found += on_batches(model, batches_of(25, *high, count=6))
    module.unfreeze(base)
    module.compile_model(model, 0.0005)
    return found + on_batches(model, batches_of(25, *high, count=6))


def knowledge_distillation(module):
    """Return the losses of the teacher, then of the student."""
    (x, y), _ = module.load_data()
    teacher = equal_weights(module.compile_alone(module.make_network(8, "teacher")))
    found = on_batches(teacher, batches_of(module.BATCH_SIZE, x, y, count=8))
    distiller = module.make_model(teacher)
    distiller.build((None, 28, 28, 1))
    equal_weights(distiller.student)
    return found + on_batches(distiller, batches_of(module.BATCH_SIZE, x, y, count=12))


def actor_critic(module):
    """Return the losses of learning from what equal carts did; actions are drawn by NumPy already."""
    rng = np.random.default_rng(3)
    model = equal_weights(module.make_model())
    optimizer = module.keras.optimizers.Adam(learning_rate=0.003)
    found = []
    for _ in range(STEPS):
        states = rng.normal(0, 0.5, (6, 8, 4)).astype("float32")
        actions = rng.integers(0, 2, (6, 8)).astype("int32")
        returns = module.expected_returns((rng.random((6, 8)) < 0.1).astype("float32"), rng.uniform(0, 20, 8).astype("float32"))
        found.append({"loss": module.learn(model, optimizer, states, actions, returns)})
    return found


def image_augmentation(module):
    """Return the losses without augmentation, whose random numbers differ between libraries."""
    (x, y), _ = module.load_data()
    return on_batches(equal_weights(module.make_model(augment=False)), batches_of(15, x, y))


def callbacks_and_schedules(module):
    """Return the losses under the schedule, shortened so that it warms up and falls within the steps."""
    module.EPOCHS = 1
    module.SAMPLES = 1500
    return usual(module)


def functional_resnet(module):
    """Return the losses at a small learning rate: at the example's own, rounding errors grow a thousandfold within the steps."""
    module.LEARNING_RATE = 0.0005
    return usual(module)


OWN = [
    functional_resnet, callbacks_and_schedules, variational_autoencoder, gan, timeseries_lstm, transfer_learning, knowledge_distillation,
    actor_critic, image_augmentation,
]  # fmt: skip
PROGRAMS = {
    **dict.fromkeys(
        [
            "mnist_convnet", "text_classification_lstm", "text_classification_transformer", "autoencoder", "functional_multi_input",
            "custom_layer_serialization", "siamese_network", "structured_data",
        ],
        usual,
    ),
    **{program.__name__: program for program in OWN},
}  # fmt: skip


def losses(name, real_keras=False):
    """Return the losses of an example's first steps."""
    module = load(name, real_keras)
    if real_keras:
        module.keras.datasets.mnist.load_data = digits
    return PROGRAMS[name](module)
