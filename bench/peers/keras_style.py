"""Workloads as Keras programs, for Keras and for TensorWeb: `k` is either module. In a page there is no NumPy."""


def train_mnist(k, given):
    """Return a training step, which returns its loss."""
    layers = k.layers
    model = k.Sequential([
        k.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"), layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10),
    ])  # fmt: skip
    model.compile(k.optimizers.Adam(0.001), k.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.set_weights([array for name, array in given.items() if "." in name])
    x, labels = given["x"], given["labels"]
    return lambda: model.train_on_batch(x, labels)


def lstm(k, tape_class, given):
    """Return a forward and backward pass of an LSTM layer: the output and the weights' gradients."""
    units = given["w.recurrent"].shape[0]
    layer = k.layers.LSTM(units)
    layer.build(given["x"].shape)
    layer.set_weights([given["w.kernel"], given["w.recurrent"], given["w.bias"]])
    x, seed = k.ops.convert_to_tensor(given["x"]), k.ops.convert_to_tensor(given["seed"])

    def step():
        with tape_class() as tape:
            out = layer(x)
        return [out, *tape.gradient(out, layer.trainable_weights, output_gradients=seed)]

    return step


def mobilenet(k, given):
    """Return MobileNet as the model of `applications`; its batch normalization undoes how the kernels are scaled here."""
    import numpy as np

    rng, model = np.random.default_rng(1), k.applications.MobileNet(weights=None)
    names = [name for name in given if "." in name]
    for kernel, bias in zip(names[::2], names[1::2]):
        i, kind = kernel.split(".")
        if i == "top":
            model.get_layer("conv_preds").set_weights([given[kernel][None, None], given[bias]])
            continue
        stem = "conv1" if i == "0" else f"conv_{'dw' if kind == 'depthwise' else 'pw'}_{i}"
        gamma, variance = rng.uniform(0.5, 1.5, (2, len(given[bias]))).astype("float32")
        mean = rng.normal(0, 0.1, len(given[bias])).astype("float32")
        scale = gamma / np.sqrt(variance + np.float32(1e-3))
        unfolded = given[kernel] / (scale[:, None] if kind == "depthwise" else scale)
        model.get_layer(stem).set_weights([unfolded])
        model.get_layer(f"{stem}_bn").set_weights([gamma, given[bias] + mean * scale, mean, variance])
    x = k.ops.convert_to_tensor(given["x"])
    return lambda: model(x, training=False)


def layer(k, given, name):
    """Return a built layer and its input."""
    arguments = {"Dense": (3,), "Dropout": (0.5,), "Conv2D": (2, 3)}.get(name, ())
    made, x = getattr(k.layers, name)(*arguments), k.ops.convert_to_tensor(given["x"])
    made(x)
    if "w.kernel" in given:
        made.set_weights([given["w.kernel"], given["w.bias"]])
    return made, x
