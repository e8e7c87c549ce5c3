"""Programs of the guides on layers and models by subclassing, masking, recurrent networks and ops within layers."""

import numpy as np

from .guide_programs import convert, dataset, fails, fill, integers, normal, numbers, paths, plain, program, tape


@program
def new_layers(keras, folder):
    """Layers with add_weight, deferred build, nested layers, weights of both kinds, regularizers."""
    layers, ops = keras.layers, keras.ops

    class Linear(layers.Layer):
        def __init__(self, units=32, input_dim=None, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.w = self.add_weight(
                shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True, regularizer=keras.regularizers.L2(0.1)
            )
            self.b = self.add_weight(shape=(self.units,), initializer="random_normal", trainable=True)

        def call(self, inputs):
            return ops.matmul(inputs, self.w) + self.b

        def get_config(self):
            config = super().get_config()
            config.update({"units": self.units})
            return config

    class ComputeSum(layers.Layer):
        def __init__(self, input_dim):
            super().__init__()
            self.total = self.add_weight(initializer="zeros", shape=(input_dim,), trainable=False)

        def call(self, inputs):
            self.total.assign_add(ops.sum(inputs, axis=0))
            return self.total

    class MLPBlock(layers.Layer):
        def __init__(self):
            super().__init__()
            self.linear_1, self.linear_2, self.linear_3 = Linear(4), Linear(3), Linear(1)

        def call(self, inputs):
            x = ops.relu(self.linear_1(inputs))
            return self.linear_3(ops.relu(self.linear_2(x)))

    sums = ComputeSum(2)
    x = ops.ones((2, 2))
    out = {"sum": [plain(sums(x)), plain(sums(x)), len(sums.weights), len(sums.non_trainable_weights), sums.trainable_weights]}
    mlp = MLPBlock()
    y = mlp(ops.ones(shape=(3, 5)))
    fill(mlp)
    out["mlp"] = [list(y.shape), len(mlp.weights), len(mlp.trainable_weights), plain(mlp(ops.ones((3, 5)))), paths(mlp), plain(mlp.losses)]
    layer = Linear(64, name="lin")
    new = Linear.from_config(layer.get_config())
    out["config"] = [sorted(layer.get_config()), new.units, new.name]
    model = keras.Sequential([keras.Input((5,)), mlp, layers.Dense(1)])
    fill(model)
    model.compile("sgd", "mse")
    out["fit"] = numbers(model.fit(normal(8, 5), normal(8, 1), epochs=2, shuffle=False, verbose=0))
    return out


@program
def losses_in_layers(keras, folder):
    """add_loss: the layer's losses, reset at the start of each call, part of fit."""
    layers, ops = keras.layers, keras.ops

    class ActivityRegularizationLayer(layers.Layer):
        def __init__(self, rate=1e-2):
            super().__init__()
            self.rate = rate

        def call(self, inputs):
            self.add_loss(self.rate * ops.mean(inputs))
            return inputs

    class OuterLayer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.activity_reg = ActivityRegularizationLayer(1e-2)
            self.dense = layers.Dense(3, kernel_regularizer=keras.regularizers.l2(1e-3))

        def call(self, inputs):
            return self.dense(self.activity_reg(inputs))

    layer = OuterLayer()
    counts = [len(layer.losses)]
    layer(ops.zeros((1, 1)))
    counts.append(len(layer.losses))
    layer(ops.zeros((1, 1)))
    counts.append(len(layer.losses))
    inputs = keras.Input(shape=(3,))
    outputs = ActivityRegularizationLayer()(inputs)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer="adam", loss="mse")
    first = model.fit(np.ones((2, 3)), np.ones((2, 3)), verbose=0)
    model.compile(optimizer="adam")
    second = model.fit(np.ones((2, 3)), np.ones((2, 3)), verbose=0)

    class LogisticEndpoint(layers.Layer):
        def __init__(self, name=None):
            super().__init__(name=name)
            self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

        def call(self, targets, logits, sample_weights=None):
            self.add_loss(self.loss_fn(targets, logits, sample_weights))
            return ops.softmax(logits)

    x, t = keras.Input((3,), name="inputs"), keras.Input((10,), name="targets")
    logits = layers.Dense(10)(x)
    endpoint = keras.Model([x, t], LogisticEndpoint(name="predictions")(t, logits))
    fill(endpoint)
    endpoint.compile(optimizer=keras.optimizers.SGD(0.1))
    data = {"inputs": normal(12, 3), "targets": integers(2, 12, 10).astype("float32")}
    history = endpoint.fit(data, epochs=3, batch_size=4, shuffle=False, verbose=0)
    return {"counts": counts, "first": numbers(first), "second": numbers(second), "endpoint": numbers(history)}


@program
def variational_autoencoder(keras, folder):
    """The VAE of the subclassing guide, with noise fixed, by fit and by a loop."""
    layers, ops = keras.layers, keras.ops

    class Sampling(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seed_generator = keras.random.SeedGenerator(1337)

        def call(self, inputs):
            z_mean, z_log_var = inputs
            batch, dim = ops.shape(z_mean)[0], ops.shape(z_mean)[1]
            epsilon = 0 * keras.random.normal(shape=(batch, dim), seed=self.seed_generator)
            return z_mean + ops.exp(0.5 * z_log_var) * (epsilon + 0.1)

    class Encoder(layers.Layer):
        def __init__(self, latent_dim=4, intermediate_dim=8, name="encoder", **kwargs):
            super().__init__(name=name, **kwargs)
            self.dense_proj = layers.Dense(intermediate_dim, activation="relu")
            self.dense_mean = layers.Dense(latent_dim)
            self.dense_log_var = layers.Dense(latent_dim)
            self.sampling = Sampling()

        def call(self, inputs):
            x = self.dense_proj(inputs)
            z_mean, z_log_var = self.dense_mean(x), self.dense_log_var(x)
            return z_mean, z_log_var, self.sampling((z_mean, z_log_var))

    class Decoder(layers.Layer):
        def __init__(self, original_dim, intermediate_dim=8, name="decoder", **kwargs):
            super().__init__(name=name, **kwargs)
            self.dense_proj = layers.Dense(intermediate_dim, activation="relu")
            self.dense_output = layers.Dense(original_dim, activation="sigmoid")

        def call(self, inputs):
            return self.dense_output(self.dense_proj(inputs))

    class VariationalAutoEncoder(keras.Model):
        def __init__(self, original_dim, intermediate_dim=8, latent_dim=4, name="autoencoder", **kwargs):
            super().__init__(name=name, **kwargs)
            self.original_dim = original_dim
            self.encoder = Encoder(latent_dim=latent_dim, intermediate_dim=intermediate_dim)
            self.decoder = Decoder(original_dim, intermediate_dim=intermediate_dim)

        def call(self, inputs):
            z_mean, z_log_var, z = self.encoder(inputs)
            self.add_loss(-0.5 * ops.mean(z_log_var - ops.square(z_mean) - ops.exp(z_log_var) + 1))
            return self.decoder(z)

    x = np.random.default_rng(0).random((24, 10)).astype("float32")
    vae = VariationalAutoEncoder(10)
    vae(x[:1])
    fill(vae)
    vae.compile(keras.optimizers.Adam(learning_rate=1e-2), loss=keras.losses.MeanSquaredError())
    history = vae.fit(x, x, epochs=2, batch_size=8, shuffle=False, verbose=0)
    metric, seen = keras.metrics.Mean(), []
    optimizer = keras.optimizers.Adam(1e-2)
    for x_batch in dataset(keras).from_tensor_slices(x).batch(8):
        with tape(keras) as t:
            loss = ops.mean(ops.square(vae(x_batch) - x_batch)) + sum(vae.losses)
        grads = t.gradient(loss, vae.trainable_weights)
        optimizer.apply_gradients(zip(grads, vae.trainable_weights))
        metric(loss)
        seen.append(float(metric.result()))
    return {
        "history": numbers(history),
        "loop": seen,
        "paths": paths(vae),
        "variables": len(vae.variables),
        "y": plain(vae.predict(x[:2], verbose=0)),
        "states": len(vae.non_trainable_variables),
        "nested": [v.name for v in vae.layers],
    }


@program
def training_and_mask_arguments(keras, folder):
    """Privileged arguments reach layers within; a layer that makes and one that reads masks."""
    layers, ops = keras.layers, keras.ops

    class CustomDropout(layers.Layer):
        def __init__(self, rate, **kwargs):
            super().__init__(**kwargs)
            self.rate = rate

        def call(self, inputs, training=None):
            return inputs * (1 - self.rate) if training else inputs

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = CustomDropout(0.5)

        def call(self, inputs):
            return self.inner(inputs)

    class TemporalSplit(layers.Layer):
        def call(self, inputs):
            return ops.split(inputs, 2, axis=1)

        def compute_mask(self, inputs, mask=None):
            return None if mask is None else ops.split(mask, 2, axis=1)

    class CustomEmbedding(layers.Layer):
        def __init__(self, input_dim, output_dim, mask_zero=False, **kwargs):
            super().__init__(**kwargs)
            self.input_dim, self.output_dim, self.mask_zero = input_dim, output_dim, mask_zero

        def build(self, input_shape):
            self.embeddings = self.add_weight(shape=(self.input_dim, self.output_dim), initializer="ones", dtype="float32")

        def call(self, inputs):
            return ops.take(self.embeddings, ops.cast(inputs, "int32"), axis=0)

        def compute_mask(self, inputs, mask=None):
            return ops.not_equal(inputs, 0) if self.mask_zero else None

    class MyActivation(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, inputs):
            return ops.relu(inputs)

    class TemporalSoftmax(layers.Layer):
        def call(self, inputs, mask=None):
            broadcast = ops.cast(ops.expand_dims(mask, -1), "float32")
            exp = ops.exp(inputs) * broadcast
            return exp / ops.sum(exp * broadcast, axis=1, keepdims=True)

    x = ops.ones((2, 3))
    outer = Outer()
    out = {"training": [plain(outer(x)), plain(outer(x, training=True)), plain(outer(x, training=False))]}
    model = keras.Sequential([keras.Input((3,)), outer])
    out["model"] = [plain(model(x)), plain(model(x, training=True))]
    ids = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
    masked = CustomEmbedding(5, 2, mask_zero=True)(ids)
    out["mask"] = plain(masked._keras_mask)
    first, second = TemporalSplit()(masked)
    out["split"] = [plain(first._keras_mask), plain(second._keras_mask)]
    out["kept"] = plain(MyActivation()(masked)._keras_mask)
    inputs = keras.Input(shape=(None,), dtype="int32")
    h = CustomEmbedding(5, 4, mask_zero=True)(inputs)
    h = MyActivation()(h)
    h = layers.Dense(1, kernel_initializer="ones")(h)
    whole = keras.Model(inputs, TemporalSoftmax()(h))
    out["softmax"] = plain(whole(np.array([[1, 2, 0], [3, 0, 0]])))
    embedding = layers.Embedding(5, 2, mask_zero=True, embeddings_initializer="ones")
    out["compute_mask"] = [plain(embedding.compute_mask(ids)), plain(layers.Masking().compute_mask(np.array([[[1.0, 0], [0, 0]]])))]
    e = embedding(ids)
    lstm = layers.LSTM(3, kernel_initializer="ones", recurrent_initializer="ones")
    out["lstm"] = [plain(lstm(e)), plain(lstm(e, mask=ids > 2)), plain(lstm(keras.ops.multiply(e, 1.0)))]
    flat = layers.Concatenate(axis=1)([e, embedding(ids[:, :2])])
    out["concat"] = [plain(flat._keras_mask), getattr(layers.Flatten()(e), "_keras_mask", None)]
    return out


@program
def recurrent(keras, folder):
    """The RNN guide: encoder and decoder, states across batches, bidirectional stacks, a cell with nested states."""
    layers, ops = keras.layers, keras.ops
    out = {}
    encoder_input = keras.Input(shape=(None,))
    embedded = layers.Embedding(10, 4)(encoder_input)
    output, h, c = layers.LSTM(5, return_state=True, name="encoder")(embedded)
    decoder_input = keras.Input(shape=(None,))
    decoded = layers.LSTM(5, name="decoder")(layers.Embedding(12, 4)(decoder_input), initial_state=[h, c])
    model = keras.Model([encoder_input, decoder_input], layers.Dense(3)(decoded))
    fill(model)
    out["seq2seq"] = plain(model([integers(10, 2, 4), integers(12, 2, 3, seed=1)]))
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    out["again"] = plain(again([integers(10, 2, 4), integers(12, 2, 3, seed=1)]))
    p1, p2, p3 = (normal(2, 3, 4, seed=i) for i in range(3))
    lstm = layers.LSTM(5, stateful=True)
    lstm(p1)
    fill(lstm)
    lstm.reset_states()
    out["stateful"] = [plain(lstm(p)) for p in (p1, p2, p3)]
    states = lstm.states
    new = layers.LSTM(5)
    new.build((2, 3, 4))
    new.set_weights(lstm.get_weights())
    out["reuse"] = plain(new(p3, initial_state=states))
    lstm.reset_states()
    out["reset"] = [plain(lstm(p1)), plain(lstm.states)]
    model = keras.Sequential(
        [
            keras.Input((5, 3)),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.Bidirectional(layers.LSTM(2)),
            layers.Dense(2),
        ]
    )
    fill(model)
    out["bidirectional"] = [plain(model(normal(2, 5, 3))), paths(model)]

    class NestedCell(keras.layers.Layer):
        def __init__(self, unit_1, unit_2, unit_3, **kwargs):
            self.unit_1, self.unit_2, self.unit_3 = unit_1, unit_2, unit_3
            self.state_size = [(unit_1,), (unit_2, unit_3)]
            self.output_size = [(unit_1,), (unit_2, unit_3)]
            super().__init__(**kwargs)

        def build(self, input_shapes):
            i1, i2, i3 = input_shapes[0][1], input_shapes[1][1], input_shapes[1][2]
            self.kernel_1 = self.add_weight(shape=(i1, self.unit_1), initializer="uniform", name="kernel_1")
            self.kernel_2_3 = self.add_weight(shape=(i2, i3, self.unit_2, self.unit_3), initializer="uniform", name="kernel_2_3")

        def call(self, inputs, states):
            input_1, input_2 = inputs
            s1, s2 = states
            output_1 = ops.matmul(input_1, self.kernel_1)
            output_2_3 = ops.einsum("bij,ijkl->bkl", input_2, self.kernel_2_3)
            state_1, state_2_3 = s1 + output_1, s2 + output_2_3
            return (output_1, output_2_3), (state_1, state_2_3)

        def get_initial_state(self, batch_size=None):
            return [ops.zeros((batch_size, self.unit_1)), ops.zeros((batch_size, self.unit_2, self.unit_3))]

        def get_config(self):
            return {"unit_1": self.unit_1, "unit_2": self.unit_2, "unit_3": self.unit_3}

    cell = NestedCell(3, 2, 4)
    rnn = layers.RNN(cell, return_state=True)
    inputs = (normal(2, 4, 5), normal(2, 4, 3, 2))
    found = fails(rnn, inputs)
    out["nested"] = bool(found)  # Keras 3 takes one tensor

    class MinimalRNNCell(keras.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.state_size = units

        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="uniform", name="kernel")
            self.recurrent_kernel = self.add_weight(shape=(self.units, self.units), initializer="uniform", name="recurrent_kernel")

        def call(self, inputs, states):
            output = ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent_kernel)
            return output, [output]

    x = keras.Input((None, 5))
    model = keras.Model(
        x, layers.RNN([MinimalRNNCell(3), MinimalRNNCell(2), layers.GRUCell(2)], return_sequences=True, go_backwards=True)(x)
    )
    fill(model)
    out["stacked"] = [plain(model(normal(2, 3, 5))), paths(model)]
    with tape(keras) as t:
        loss = ops.sum(ops.square(model(normal(2, 3, 5))))
    out["gradients"] = plain(t.gradient(loss, model.trainable_variables))
    return out


@program
def ops_in_layers(keras, folder):
    """while_loop, cond, scan, fori_loop, vectorized_map, map, switch, associative_scan within layers and models."""
    layers, ops = keras.layers, keras.ops

    class Loops(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="w")

        def call(self, x):
            total = ops.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * 2 + self.w), (0, x))[1]
            last, ys = ops.scan(lambda carry, e: (carry + e, carry * e), ops.zeros_like(x[:, 0]), ops.transpose(x))
            loop = ops.fori_loop(0, 4, lambda i, v: v + ops.cast(i, "float32"), x)
            pos = ops.cond(ops.sum(x) > 0, lambda: x, lambda: -x)
            mapped = ops.vectorized_map(lambda row: ops.sum(row * self.w), x)
            each = ops.map(lambda row: ops.cumsum(row), x)
            chosen = ops.switch(1, [lambda v: v, lambda v: v * 10], x)
            assoc = ops.associative_scan(ops.add, x, axis=1)
            return total, last, ys, loop, pos, mapped, each, chosen, assoc

    layer = Loops()
    x = normal(3, 4)
    got = layer(x)
    with tape(keras) as t:
        v = layer(convert(keras, x))
        loss = ops.sum(v[0]) + ops.sum(v[5] ** 2) + ops.sum(v[4])
    out = {"values": plain(got), "gradient": plain(t.gradient(loss, layer.trainable_variables))}
    v = keras.Variable(initializer=keras.initializers.Ones(), shape=(2, 2), dtype="float32", name="v", trainable=False)
    v.assign(v * 3)
    v.assign_add(ops.ones((2, 2)))
    v.assign_sub([[1, 0], [0, 1]])
    out["variable"] = [
        plain(v),
        v.trainable,
        v.dtype,
        list(v.shape),
        v.name,
        plain(v + 1),
        plain(v @ v),
        plain(v[0]),
        fails(v.assign, ops.ones((3,))),
    ]
    g = keras.random.SeedGenerator(42)
    a, b = keras.random.uniform((3,), seed=g), keras.random.uniform((3,), seed=g)
    c = keras.random.uniform((3,), seed=7)
    out["random"] = [bool(ops.any(a != b)), bool(ops.all(c == keras.random.uniform((3,), seed=7))), list(g.state.shape)]
    out["segments"] = [
        plain(ops.segment_sum(np.array([1.0, 2, 3, 4]), np.array([0, 0, 2, 1]), num_segments=4)),
        plain(ops.segment_max(x, np.array([0, 1, 1]), 2)),
    ]
    out["slices"] = [
        plain(ops.slice_update(ops.zeros((3, 3)), (1, 1), ops.ones((2, 2)))),
        plain(ops.scatter([[0], [2]], [1.0, 2.0], (4,))),
        plain(ops.scatter_update(ops.zeros((3,)), [[1]], [5.0])),
        plain(ops.unstack(x, axis=1)[1]),
        plain(ops.one_hot([1, 0], 3)),
    ]
    return out


@program
def stateless(keras, folder):
    """stateless_call, stateless_apply, functional training as in the JAX guide, on this backend."""
    layers, ops = keras.layers, keras.ops
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.BatchNormalization(), layers.Dense(1)])
    fill(model)
    model.layers[1].set_weights([np.ones(3), np.zeros(3), np.zeros(3), np.ones(3)])
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    x, y = normal(6, 4), normal(6, 1)
    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]
    state = list(optimizer.variables)
    pred, new_others = model.stateless_call(trainable, others, x, training=True)
    grads = [ops.ones_like(v) * 0.1 for v in trainable]
    optimizer.apply(grads, model.trainable_variables)
    new = [v.value for v in model.trainable_variables]
    metric = keras.metrics.MeanSquaredError()
    mv = metric.stateless_update_state(metric.variables, y, pred)
    with_losses = model.stateless_call(new, new_others, x, return_losses=True)
    return {
        "pred": plain(pred),
        "others": plain(new_others),
        "new": plain(new),
        "state": len(state),
        "metric": float(metric.stateless_result(mv)),
        "untouched": plain(model.layers[1].moving_mean),
        "three": [plain(with_losses[0]), len(with_losses)],
        "reset": plain(metric.stateless_reset_state()),
    }
