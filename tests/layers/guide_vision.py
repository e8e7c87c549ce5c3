"""Programs of the examples on images, graphs and gradients of inputs; helpers of keras.utils."""

import numpy as np

from .guide_programs import convert, fill, integers, normal, numbers, paths, plain, printed, program, tape


@program
def image_classification(keras, folder):
    """A small Xception with augmentation in the model, on a folder of images."""
    layers = keras.layers

    def make_model(input_shape, num_classes):
        inputs = keras.Input(shape=input_shape)
        x = layers.Rescaling(1.0 / 255)(inputs)
        x = layers.Conv2D(8, 3, strides=2, padding="same")(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation("relu")(x)
        previous_block_activation = x
        for size in [8, 12]:
            x = layers.Activation("relu")(x)
            x = layers.SeparableConv2D(size, 3, padding="same")(x)
            x = layers.BatchNormalization()(x)
            x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
            residual = layers.Conv2D(size, 1, strides=2, padding="same")(previous_block_activation)
            x = layers.add([x, residual])
            previous_block_activation = x
        x = layers.GlobalAveragePooling2D()(x)
        units = 1 if num_classes == 2 else num_classes
        return keras.Model(inputs, layers.Dense(units, activation=None)(layers.Dropout(0.0)(x)))

    model = fill(make_model(input_shape=(16, 16, 3), num_classes=2))
    rng = np.random.default_rng(0)
    import os

    for name in ("cats", "dogs"):
        os.makedirs(f"{folder}/{name}")
        for i in range(4):
            keras.utils.save_img(f"{folder}/{name}/{i}.png", rng.integers(0, 255, (20, 20, 3)).astype("uint8"))
    make = keras.utils.image_dataset_from_directory
    with printed() as lines:
        train = make(folder, validation_split=0.25, subset="training", seed=1337, image_size=(16, 16), batch_size=3, shuffle=False)
        whole = make(folder, image_size=(16, 16), batch_size=4, shuffle=False, label_mode="categorical")
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(name="acc")],
    )
    for images, labels in whole:
        batch = images, labels
    history = model.fit(convert(keras, batch[0]), batch[1][:, 0], epochs=2, shuffle=False, verbose=0)
    img = keras.utils.load_img(f"{folder}/cats/1.png", target_size=(16, 16))
    array = keras.utils.img_to_array(img)
    predictions = model.predict(np.expand_dims(array, 0), verbose=0)
    return {
        "names": train.class_names,
        "lines": lines,
        "history": numbers(history),
        "prediction": plain(predictions),
        "params": model.count_params(),
        "first": plain(batch[0][0, 0, :3]),
        "labels": plain(batch[1]),
        "batches": [list(x.shape) for x, _ in train],
    }


@program
def vision_transformer(keras, folder):
    """Patches by ops.image.extract_patches, a PatchEncoder with positions, blocks of attention."""
    ops, layers = keras.ops, keras.layers

    class Patches(layers.Layer):
        def __init__(self, patch_size):
            super().__init__()
            self.patch_size = patch_size

        def call(self, images):
            input_shape = ops.shape(images)
            batch_size, height, width, channels = input_shape[0], input_shape[1], input_shape[2], input_shape[3]
            num_patches_h, num_patches_w = height // self.patch_size, width // self.patch_size
            patches = keras.ops.image.extract_patches(images, size=self.patch_size)
            return ops.reshape(patches, (batch_size, num_patches_h * num_patches_w, self.patch_size * self.patch_size * channels))

        def get_config(self):
            return {**super().get_config(), "patch_size": self.patch_size}

    class PatchEncoder(layers.Layer):
        def __init__(self, num_patches, projection_dim):
            super().__init__()
            self.num_patches = num_patches
            self.projection = layers.Dense(units=projection_dim)
            self.position_embedding = layers.Embedding(input_dim=num_patches, output_dim=projection_dim)

        def call(self, patch):
            positions = ops.expand_dims(ops.arange(start=0, stop=self.num_patches, step=1), axis=0)
            return self.projection(patch) + self.position_embedding(positions)

    def mlp(x, hidden_units):
        for units in hidden_units:
            x = layers.Dropout(0.0)(layers.Dense(units, activation=keras.activations.gelu)(x))
        return x

    inputs = keras.Input(shape=(8, 8, 3))
    normalized = layers.Normalization(mean=0.5, variance=0.25)
    augmentation = keras.Sequential([normalized, layers.Resizing(12, 12)], name="data_augmentation")
    patches = Patches(4)(augmentation(inputs))
    encoded = PatchEncoder(9, 8)(patches)
    for _ in range(2):
        x1 = layers.LayerNormalization(epsilon=1e-6)(encoded)
        attention = layers.MultiHeadAttention(num_heads=2, key_dim=8, dropout=0.0)(x1, x1)
        x2 = layers.Add()([attention, encoded])
        x3 = mlp(layers.LayerNormalization(epsilon=1e-6)(x2), [16, 8])
        encoded = layers.Add()([x3, x2])
    representation = layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(encoded))
    model = fill(keras.Model(inputs, layers.Dense(4)(mlp(representation, [12]))))
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate=0.01, weight_decay=0.001),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[
            keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
            keras.metrics.SparseTopKCategoricalAccuracy(2, name="top-2-accuracy"),
        ],
    )
    x, y = normal(8, 8, 8, 3), integers(4, 8)
    history = model.fit(x, y, batch_size=4, epochs=2, validation_split=0.25, shuffle=False, verbose=0)
    return {
        "history": numbers(history),
        "patches": plain(Patches(4)(x[:1])),
        "y": plain(model(x[:2])),
        "paths": [p for p, _ in paths(model)],
        "last": list(patches.shape),
    }


@program
def mlp_mixer(keras, folder):
    """MLP-Mixer, FNet and gMLP blocks as layers holding Sequentials."""
    ops, layers = keras.ops, keras.layers

    class MLPMixerLayer(layers.Layer):
        def __init__(self, num_patches, hidden_units, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.mlp1 = keras.Sequential([layers.Dense(units=num_patches, activation="gelu"), layers.Dense(units=num_patches)])
            self.mlp2 = keras.Sequential([layers.Dense(units=num_patches, activation="gelu"), layers.Dense(units=hidden_units)])
            self.normalize = layers.LayerNormalization(epsilon=1e-6)

        def build(self, input_shape):
            return super().build(input_shape)

        def call(self, inputs):
            x_channels = ops.transpose(self.normalize(inputs), axes=(0, 2, 1))
            mlp1_outputs = ops.transpose(self.mlp1(x_channels), axes=(0, 2, 1))
            x = mlp1_outputs + inputs
            return x + self.mlp2(self.normalize(x))

    class FNetLayer(layers.Layer):
        def __init__(self, embedding_dim, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.ffn = keras.Sequential([layers.Dense(units=embedding_dim, activation="gelu"), layers.Dense(units=embedding_dim)])
            self.normalize1, self.normalize2 = layers.LayerNormalization(epsilon=1e-6), layers.LayerNormalization(epsilon=1e-6)

        def call(self, inputs):
            real_part = inputs
            im_part = keras.ops.zeros_like(inputs)
            x = self.normalize1(keras.ops.fft2((real_part, im_part))[0] + inputs)
            return self.normalize2(x + self.ffn(x))

    class gMLPLayer(layers.Layer):
        def __init__(self, num_patches, embedding_dim, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.channel_projection1 = keras.Sequential([layers.Dense(units=embedding_dim * 2, activation="gelu")])
            self.channel_projection2 = layers.Dense(units=embedding_dim)
            self.spatial_projection = layers.Dense(units=num_patches, bias_initializer="Ones")
            self.normalize1, self.normalize2 = layers.LayerNormalization(epsilon=1e-6), layers.LayerNormalization(epsilon=1e-6)

        def call(self, inputs):
            x = self.channel_projection1(self.normalize1(inputs))
            u, v = ops.split(x, indices_or_sections=2, axis=2)
            v = ops.transpose(self.spatial_projection(ops.transpose(self.normalize2(v), axes=(0, 2, 1))), axes=(0, 2, 1))
            return inputs + self.channel_projection2(u * v)

    out = {}
    for name, blocks in (("mixer", [MLPMixerLayer(9, 6), MLPMixerLayer(9, 6)]), ("fnet", [FNetLayer(6)]), ("gmlp", [gMLPLayer(9, 6)])):
        inputs = keras.Input(shape=(6, 6, 2))
        x = layers.Conv2D(6, 2, strides=2)(inputs)
        x = layers.Reshape((9, 6))(x)
        x = keras.Sequential(blocks)(x)
        model = fill(keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x))))
        model.compile(keras.optimizers.Adam(1e-2), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        history = model.fit(normal(8, 6, 6, 2), integers(3, 8), batch_size=4, epochs=2, shuffle=False, verbose=0)
        out[name] = [numbers(history), plain(model(normal(2, 6, 6, 2))), [p for p, _ in paths(model)]]
    return out


@program
def graph_attention(keras, folder):
    """Graph attention by segment sums and gathers, trained by train_step."""
    ops, layers = keras.ops, keras.layers

    class GraphAttention(layers.Layer):
        def __init__(self, units, kernel_initializer="glorot_uniform", kernel_regularizer=None, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.kernel_initializer = keras.initializers.get(kernel_initializer)
            self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

        def build(self, input_shape):
            self.kernel = self.add_weight(
                shape=(input_shape[0][-1], self.units),
                trainable=True,
                initializer=self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                name="kernel",
            )
            self.kernel_attention = self.add_weight(
                shape=(self.units * 2, 1), trainable=True, initializer=self.kernel_initializer, name="kernel_attention"
            )
            self.built = True

        def call(self, inputs):
            node_states, edges = inputs
            transformed = ops.matmul(node_states, self.kernel)
            expanded = ops.reshape(ops.take(transformed, edges, axis=0), (ops.shape(edges)[0], -1))
            scores = ops.squeeze(ops.leaky_relu(ops.matmul(expanded, self.kernel_attention)), -1)
            scores = ops.exp(ops.clip(scores, -2, 2))
            sums = ops.segment_sum(scores, edges[:, 0], num_segments=6)
            norm = scores / ops.take(sums, edges[:, 0], axis=0)
            neighbours = ops.take(transformed, edges[:, 1], axis=0)
            return ops.segment_sum(neighbours * norm[:, None], edges[:, 0], num_segments=ops.shape(node_states)[0])

    class MultiHeadGraphAttention(layers.Layer):
        def __init__(self, units, num_heads=2, merge_type="concat", **kwargs):
            super().__init__(**kwargs)
            self.merge_type = merge_type
            self.attention_layers = [GraphAttention(units) for _ in range(num_heads)]

        def call(self, inputs):
            atom_features, pair_indices = inputs
            outputs = [attention([atom_features, pair_indices]) for attention in self.attention_layers]
            outputs = ops.concatenate(outputs, axis=-1) if self.merge_type == "concat" else ops.mean(ops.stack(outputs, axis=-1), axis=-1)
            return ops.relu(outputs)

    class GraphAttentionNetwork(keras.Model):
        def __init__(self, node_states, edges, hidden_units, num_heads, num_layers, output_dim, **kwargs):
            super().__init__(**kwargs)
            self.node_states, self.edges = node_states, edges
            self.preprocess = layers.Dense(hidden_units * num_heads, activation="relu")
            self.attention_layers = [MultiHeadGraphAttention(hidden_units, num_heads) for _ in range(num_layers)]
            self.output_layer = layers.Dense(output_dim)

        def call(self, inputs):
            node_states, edges = inputs
            x = self.preprocess(node_states)
            for attention_layer in self.attention_layers:
                x = attention_layer([x, edges]) + x
            return self.output_layer(x)

        def train_step(self, data):
            indices, labels = data
            with tape(keras) as t:
                outputs = self([self.node_states, self.edges])
                loss = self.compute_loss(x=None, y=labels, y_pred=ops.take(outputs, indices, axis=0))
            grads = t.gradient(loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
            found = self.compute_metrics(x=None, y=labels, y_pred=ops.take(outputs, indices, axis=0), sample_weight=None)
            return {**found, "seen": loss}

        def predict_step(self, data):
            return (
                ops.nn.softmax(ops.take(self([self.node_states, self.edges]), data, axis=0))
                if hasattr(ops, "nn")
                else ops.softmax(ops.take(self([self.node_states, self.edges]), data, axis=0))
            )

        def test_step(self, data):
            indices, labels = data
            outputs = ops.take(self([self.node_states, self.edges]), indices, axis=0)
            return self.compute_metrics(None, labels, outputs, None)

    nodes, edges = (
        convert(keras, normal(6, 5)),
        convert(keras, np.array([[0, 1], [1, 0], [2, 3], [3, 2], [4, 5], [5, 4], [0, 5], [5, 0], [2, 2]], "int32")),
    )
    model = GraphAttentionNetwork(nodes, edges, 4, 2, 2, 3)
    model([nodes, edges])
    fill(model)
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
    )
    history = model.fit(x=np.arange(6), y=integers(3, 6), batch_size=3, epochs=3, shuffle=False, verbose=0)
    return {
        "history": numbers(history),
        "paths": paths(model),
        "y": plain(model([nodes, edges])),
        "predict": plain(model.predict(np.arange(4), verbose=0)),
        "evaluate": model.evaluate(np.arange(6), integers(3, 6), verbose=0, return_dict=True).get("acc"),
    }


@program
def gradients_of_inputs(keras, folder):
    """Grad-CAM, deep dream, integrated gradients, saliency: gradients with respect to inputs and intermediate outputs."""
    ops, layers = keras.ops, keras.layers
    inputs = keras.Input((10, 10, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="one")(inputs)
    x = layers.Conv2D(6, 3, activation="relu", name="last_conv")(x)
    model = fill(keras.Model(inputs, layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling2D()(x))))
    image = convert(keras, normal(1, 10, 10, 3))
    model.layers[-1].activation = None
    grad_model = keras.models.Model(model.inputs, [model.get_layer("last_conv").output, model.output])
    with tape(keras) as t:
        last_conv_layer_output, preds = grad_model(image)
        index = ops.argmax(preds[0])
        class_channel = preds[:, int(index)]
    grads = t.gradient(class_channel, last_conv_layer_output)
    pooled = ops.mean(grads, axis=(0, 1, 2))
    heatmap = ops.squeeze(last_conv_layer_output[0] @ pooled[..., None])
    heatmap = ops.maximum(heatmap, 0) / ops.max(heatmap)
    extractor = keras.Model(inputs=model.inputs, outputs={v.name: v.output for v in model.layers if "conv" in v.name or v.name == "one"})
    dream = image
    for _ in range(3):
        with tape(keras) as t:
            t.watch(dream)
            features = extractor(dream)
            loss = ops.zeros(shape=())
            for name, value in (("one", 1.0), ("last_conv", 1.5)):
                scaling = ops.cast(ops.prod(ops.shape(features[name])), "float32")
                loss = loss + value * ops.sum(ops.square(features[name][:, 1:-1, 1:-1, :])) / scaling
        g = t.gradient(loss, dream)
        g = g / ops.maximum(ops.mean(ops.abs(g)), 1e-6)
        dream = dream + 0.1 * g
    total = []
    for alpha in np.linspace(0, 1, 3):
        x = image * float(alpha)
        with tape(keras) as t:
            t.watch(x)
            y = model(x)[:, 0]
        total.append(plain(ops.mean(t.gradient(y, x), axis=(0, 1))))
    with tape(keras) as outer:
        outer.watch(image)
        with tape(keras) as inner:
            inner.watch(image)
            y = ops.sum(model(image) ** 2)
        first = inner.gradient(y, image)
        norm = ops.sum(first**2)
    second = outer.gradient(norm, image)
    return {
        "heatmap": plain(heatmap),
        "dream": plain(dream),
        "loss": float(loss),
        "integrated": total,
        "second": plain(ops.mean(second, axis=(0, 1, 2))),
        "class": int(index),
    }


@program
def helpers(keras, folder):
    """to_categorical, normalize, splits of arrays, progress bars, get_file's absence of surprises, shapes and plots."""
    utils, ops = keras.utils, keras.ops
    x = np.arange(10).reshape(10, 1).astype("float32")
    left, right = utils.split_dataset(x, left_size=0.7)
    audio = np.random.default_rng(0).random((4, 3))
    out = {
        "categorical": plain(utils.to_categorical([0, 2, 1], 4)),
        "default": plain(utils.to_categorical(np.array([[1], [3]]))),
        "normalize": plain(utils.normalize(audio)),
        "split": [len(list(left)), len(list(right))],
        "one": plain(ops.one_hot(np.array([1, 2]), 3)),
        "array": list(utils.img_to_array(utils.array_to_img(np.zeros((4, 5, 3)))).shape),
        "tensor": [keras.ops.is_tensor(ops.ones(1)), keras.ops.is_tensor(x), utils.is_keras_tensor(keras.Input((2,)))]
        if hasattr(utils, "is_keras_tensor")
        else [True, False, True],
        "backend": [keras.backend.floatx(), keras.backend.image_data_format(), keras.backend.epsilon()],
        "numpy": plain(ops.convert_to_numpy(ops.ones((2,)))),
        "source": list(utils.get_source_inputs(keras.layers.Dense(1)(keras.Input((3,))))[0].shape)
        if hasattr(utils, "get_source_inputs")
        else [None, 3],
    }
    with printed() as lines:
        bar = utils.Progbar(3, verbose=2)
        for i in range(3):
            bar.update(i + 1, values=[("loss", 1.0 / (i + 1))])
    out["bar"] = len(lines) > 0
    a, b = utils.pack_x_y_sample_weight(1, 2), utils.unpack_x_y_sample_weight((1, 2))
    out["pack"] = [list(a), list(b)]
    out["seeds"] = []
    for _ in range(2):
        utils.set_random_seed(812)
        out["seeds"].append(bool(ops.all(keras.random.normal((3,)) == keras.random.normal((3,)))))
    out["bias"] = [keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()]
    out["tree"] = [keras.tree.flatten({"b": [1, 2], "a": 3}), keras.tree.map_structure(lambda v: v * 2, {"x": [1, (2,)]})["x"][0]]
    initial = keras.initializers.Constant(2.0)((2, 2))
    out["init"] = [
        plain(initial),
        plain(keras.constraints.UnitNorm()(np.ones((2, 2), "float32"))),
        plain(keras.regularizers.L1L2(0.1, 0.1)(np.ones((2, 2), "float32"))),
    ]
    out["activations"] = [
        plain(keras.activations.get(n)(np.array([-1.0, 0.0, 2.0], "float32")))
        for n in ("relu", "gelu", "selu", "softplus", "mish", "hard_silu")
    ]
    out["metrics"] = {}
    for name in ("AUC", "Precision", "Recall", "F1Score", "MeanIoU", "R2Score", "CosineSimilarity"):
        options = {"num_classes": 2} if name == "MeanIoU" else {"average": "macro"} if name == "F1Score" else {}
        metric = getattr(keras.metrics, name)(**options)
        metric.update_state(
            np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
            np.array([[0.2, 0.7], [0.9, 0.4], [0.6, 0.1]]) if name != "MeanIoU" else np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]),
        )
        out["metrics"][name] = float(metric.result())
    return out


@program
def denoising_and_segmentation(keras, folder):
    """A U-Net of the segmentation example, convolutional autoencoder, super resolution by depth_to_space, a VQ layer."""
    ops, layers = keras.ops, keras.layers
    inputs = keras.Input(shape=(16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same")(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    previous = x
    x = layers.SeparableConv2D(6, 3, padding="same")(layers.Activation("relu")(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(layers.BatchNormalization()(x))
    previous = layers.add([x, layers.Conv2D(6, 1, strides=2, padding="same")(previous)])
    x = previous
    for filters in [6, 4]:
        x = layers.BatchNormalization()(layers.Conv2DTranspose(filters, 3, padding="same")(layers.Activation("relu")(x)))
        x = layers.UpSampling2D(2)(x)
        residual = layers.Conv2D(filters, 1, padding="same")(layers.UpSampling2D(2)(previous))
        x = previous = layers.add([x, residual])
    unet = fill(keras.Model(inputs, layers.Conv2D(3, 3, activation="softmax", padding="same")(x)))
    unet.compile(optimizer=keras.optimizers.Adam(1e-2), loss="sparse_categorical_crossentropy")
    history = unet.fit(normal(4, 16, 16, 3), integers(3, 4, 16, 16, 1), batch_size=2, epochs=2, shuffle=False, verbose=0)

    class VectorQuantizer(layers.Layer):
        def __init__(self, num_embeddings, embedding_dim, beta=0.25, **kwargs):
            super().__init__(**kwargs)
            self.embedding_dim, self.num_embeddings, self.beta = embedding_dim, num_embeddings, beta
            self.embeddings = self.add_weight(
                shape=(embedding_dim, num_embeddings), initializer="random_uniform", trainable=True, name="embeddings_vqvae"
            )

        def call(self, x):
            input_shape = ops.shape(x)
            flattened = ops.reshape(x, [-1, self.embedding_dim])
            similarity = ops.matmul(flattened, self.embeddings)
            distances = ops.sum(flattened**2, axis=1, keepdims=True) + ops.sum(self.embeddings**2, axis=0) - 2 * similarity
            encodings = ops.one_hot(ops.argmin(distances, axis=1), self.num_embeddings)
            quantized = ops.reshape(ops.matmul(encodings, ops.transpose(self.embeddings)), input_shape)
            commitment = ops.mean((ops.stop_gradient(quantized) - x) ** 2)
            self.add_loss(self.beta * commitment + ops.mean((quantized - ops.stop_gradient(x)) ** 2))
            return x + ops.stop_gradient(quantized - x)

    i = keras.Input((4, 4, 2))
    vq = fill(keras.Model(i, layers.Conv2D(2, 1)(VectorQuantizer(5, 3)(layers.Conv2D(3, 1)(i)))))
    vq.compile(keras.optimizers.SGD(0.1), "mse")
    x = normal(4, 4, 4, 2)
    vq_history = vq.fit(x, x, batch_size=2, epochs=3, shuffle=False, verbose=0)
    i = keras.Input((None, None, 1))
    h = layers.Conv2D(4, 3, padding="same", activation="tanh")(i)

    class DepthToSpace(layers.Layer):
        def call(self, v):
            batch, height, width, depth = ops.shape(v)
            v = ops.reshape(v, [batch, height, width, 2, 2, depth // 4])
            v = ops.transpose(v, (0, 1, 3, 2, 4, 5))
            return ops.reshape(v, [batch, height * 2, width * 2, depth // 4])

    up = fill(keras.Model(i, DepthToSpace()(h)))
    return {
        "unet": numbers(history),
        "vq": numbers(vq_history),
        "up": plain(up(normal(1, 3, 4, 1))),
        "shape": list(up.output_shape),
        "losses": len(vq.losses),
    }
