"""Programs of the examples on sequences: forecasting, translation, transformers, text generation, frames of movies, steps of agents."""

import numpy as np

from .guide_programs import convert, dataset, fill, integers, normal, numbers, paths, plain, program, tape


@program
def forecasting(keras, folder):
    """timeseries_dataset_from_array and an LSTM, as in the weather example."""
    series = np.sin(np.arange(80) * 0.3).astype("float32")
    features = np.stack([series, np.cos(np.arange(80) * 0.3)], axis=1).astype("float32")
    make = keras.utils.timeseries_dataset_from_array
    train = make(features[:60], series[12:72], sequence_length=6, sampling_rate=2, batch_size=8, shuffle=False)
    val = make(features[60:], None, sequence_length=5, batch_size=4, shuffle=False)
    out = {"shapes": [[list(a.shape), list(b.shape)] for a, b in train], "no_targets": [plain(v)[0][0] for v in val]}
    shuffled = make(features, series, 4, sequence_stride=3, start_index=5, end_index=50, batch_size=None, seed=3)
    out["count"] = len(list(shuffled))
    for inputs, targets in train.take(1):
        first = (inputs, targets)
    inputs = keras.layers.Input(shape=(first[0].shape[1], first[0].shape[2]))
    model = fill(keras.Model(inputs=inputs, outputs=keras.layers.Dense(1)(keras.layers.LSTM(5)(inputs))))
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="mse")
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=0, patience=5)
    out["history"] = numbers(model.fit(train, epochs=3, validation_data=train, callbacks=[stop], verbose=0))
    out["predict"] = plain(model.predict(first[0], verbose=0))
    return out


@program
def character_translation(keras, folder):
    """The LSTM seq2seq example: teacher forcing, then inference models cut from the trained one."""
    layers = keras.layers
    encoder_data, decoder_data = np.eye(6, dtype="float32")[integers(6, 10, 5)], np.eye(7, dtype="float32")[integers(7, 10, 4, seed=1)]
    target = np.roll(decoder_data, -1, axis=1)
    encoder_inputs = keras.Input(shape=(None, 6))
    encoder_outputs, state_h, state_c = layers.LSTM(8, return_state=True)(encoder_inputs)
    decoder_inputs = keras.Input(shape=(None, 7))
    decoder_lstm = layers.LSTM(8, return_sequences=True, return_state=True)
    decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=[state_h, state_c])
    model = fill(keras.Model([encoder_inputs, decoder_inputs], layers.Dense(7, activation="softmax")(decoder_outputs)))
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    history = model.fit([encoder_data, decoder_data], target, batch_size=5, epochs=3, validation_split=0.2, shuffle=False, verbose=0)
    model.save(f"{folder}/s2s_model.keras")
    model = keras.models.load_model(f"{folder}/s2s_model.keras")
    encoder_inputs = model.input[0]
    _, h, c = model.layers[2].output
    encoder_model = keras.Model(encoder_inputs, [h, c])
    decoder_inputs = model.input[1]
    states = [keras.Input(shape=(8,)), keras.Input(shape=(8,))]
    outputs, h, c = model.layers[3](decoder_inputs, initial_state=states)
    decoder_model = keras.Model([decoder_inputs, *states], [model.layers[4](outputs), h, c])
    state = encoder_model.predict(encoder_data[:1], verbose=0)
    token, chosen = np.zeros((1, 1, 7), "float32"), []
    for _ in range(5):
        tokens, h, c = decoder_model.predict([token, *state], verbose=0)
        chosen.append(int(np.argmax(tokens[0, -1, :])))
        token = np.eye(7, dtype="float32")[chosen[-1]].reshape(1, 1, 7)
        state = [h, c]
    return {"history": numbers(history), "chosen": chosen, "names": [v.name for v in model.layers], "state": plain(state)}


def transformer_parts(keras):
    """Return the layers of the translation example."""
    ops, layers = keras.ops, keras.layers

    class TransformerEncoder(layers.Layer):
        def __init__(self, embed_dim, dense_dim, num_heads, **kwargs):
            super().__init__(**kwargs)
            self.embed_dim, self.dense_dim, self.num_heads = embed_dim, dense_dim, num_heads
            self.attention = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
            self.dense_proj = keras.Sequential([layers.Dense(dense_dim, activation="relu"), layers.Dense(embed_dim)])
            self.layernorm_1, self.layernorm_2 = layers.LayerNormalization(), layers.LayerNormalization()
            self.supports_masking = True

        def call(self, inputs, mask=None):
            padding_mask = ops.cast(mask[:, None, :], dtype="int32") if mask is not None else None
            attention = self.attention(query=inputs, value=inputs, key=inputs, attention_mask=padding_mask)
            proj_input = self.layernorm_1(inputs + attention)
            return self.layernorm_2(proj_input + self.dense_proj(proj_input))

        def get_config(self):
            return {**super().get_config(), "embed_dim": self.embed_dim, "dense_dim": self.dense_dim, "num_heads": self.num_heads}

    class PositionalEmbedding(layers.Layer):
        def __init__(self, sequence_length, vocab_size, embed_dim, **kwargs):
            super().__init__(**kwargs)
            self.token_embeddings = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
            self.position_embeddings = layers.Embedding(input_dim=sequence_length, output_dim=embed_dim)
            self.sequence_length, self.vocab_size, self.embed_dim = sequence_length, vocab_size, embed_dim

        def call(self, inputs):
            length = ops.shape(inputs)[-1]
            positions = ops.arange(0, length, 1)
            return self.token_embeddings(inputs) + self.position_embeddings(positions)

        def compute_mask(self, inputs, mask=None):
            return ops.not_equal(inputs, 0)

        def get_config(self):
            return {
                **super().get_config(),
                "sequence_length": self.sequence_length,
                "vocab_size": self.vocab_size,
                "embed_dim": self.embed_dim,
            }

    class TransformerDecoder(layers.Layer):
        def __init__(self, embed_dim, latent_dim, num_heads, **kwargs):
            super().__init__(**kwargs)
            self.embed_dim, self.latent_dim, self.num_heads = embed_dim, latent_dim, num_heads
            self.attention_1 = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
            self.attention_2 = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
            self.dense_proj = keras.Sequential([layers.Dense(latent_dim, activation="relu"), layers.Dense(embed_dim)])
            self.layernorm_1, self.layernorm_2, self.layernorm_3 = (layers.LayerNormalization() for _ in range(3))
            self.supports_masking = True

        def call(self, inputs, mask=None):
            inputs, encoder_outputs = inputs
            causal_mask = self.get_causal_attention_mask(inputs)
            inputs_mask, encoder_outputs_mask = (None, None) if mask is None else mask
            attention_1 = self.attention_1(query=inputs, value=inputs, key=inputs, attention_mask=causal_mask, query_mask=inputs_mask)
            out_1 = self.layernorm_1(inputs + attention_1)
            attention_2 = self.attention_2(
                query=out_1, value=encoder_outputs, key=encoder_outputs, query_mask=inputs_mask, key_mask=encoder_outputs_mask
            )
            out_2 = self.layernorm_2(out_1 + attention_2)
            return self.layernorm_3(out_2 + self.dense_proj(out_2))

        def get_causal_attention_mask(self, inputs):
            input_shape = ops.shape(inputs)
            batch_size, length = input_shape[0], input_shape[1]
            i, j = ops.arange(length)[:, None], ops.arange(length)
            mask = ops.reshape(ops.cast(i >= j, dtype="int32"), (1, length, length))
            return ops.broadcast_to(mask, (batch_size, length, length))

        def get_config(self):
            return {**super().get_config(), "embed_dim": self.embed_dim, "latent_dim": self.latent_dim, "num_heads": self.num_heads}

    return TransformerEncoder, PositionalEmbedding, TransformerDecoder


@program
def transformer_translation(keras, folder):
    """The seq2seq transformer with masks and causal attention; trained, saved and decoded."""
    encoder, embedding, decoder = transformer_parts(keras)
    encoder_inputs = keras.Input(shape=(None,), dtype="int64", name="encoder_inputs")
    x = embedding(6, 12, 8)(encoder_inputs)
    encoder_outputs = encoder(8, 10, 2)(x)
    decoder_inputs = keras.Input(shape=(None,), dtype="int64", name="decoder_inputs")
    encoded_seq_inputs = keras.Input(shape=(None, 8), name="decoder_state_inputs")
    x = embedding(6, 12, 8)(decoder_inputs)
    x = decoder(8, 10, 2)([x, encoder_outputs])
    x = keras.layers.Dropout(0.0)(x)
    transformer = keras.Model(
        {"encoder_inputs": encoder_inputs, "decoder_inputs": decoder_inputs},
        keras.layers.Dense(12, activation="softmax")(x),
        name="transformer",
    )
    fill(transformer)
    transformer.compile(keras.optimizers.SGD(0.1), loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=0), metrics=["accuracy"])
    source, target = integers(12, 8, 6), integers(12, 8, 7, seed=1)
    source[:, 4:] = 0
    ds = (
        dataset(keras)
        .from_tensor_slices((source, target))
        .batch(4)
        .map(lambda a, b: ({"encoder_inputs": a, "decoder_inputs": b[:, :-1]}, b[:, 1:]))
    )
    history = transformer.fit(ds, epochs=2, validation_data=ds, verbose=0)
    data = {"encoder_inputs": source[:2], "decoder_inputs": target[:2, :-1]}
    predictions = transformer(data)
    transformer.save(f"{folder}/t.keras")
    custom = {c.__name__: c for c in (encoder, embedding, decoder)}
    loaded = keras.models.load_model(f"{folder}/t.keras", custom_objects=custom)
    return {
        "history": numbers(history),
        "y": plain(predictions)[0][:2],
        "loaded": plain(loaded(data))[0][:2],
        "paths": [p for p, _ in paths(transformer)][:12],
        "unused": list(encoded_seq_inputs.shape),
        "params": transformer.count_params(),
    }


@program
def text_generation(keras, folder):
    """The miniature GPT with a causal mask and a callback that generates text."""
    ops, layers = keras.ops, keras.layers

    def causal_attention_mask(batch_size, n_dest, n_src, dtype):
        i, j = ops.arange(n_dest)[:, None], ops.arange(n_src)
        m = ops.cast(i >= j - n_src + n_dest, dtype)
        return ops.broadcast_to(ops.reshape(m, [1, n_dest, n_src]), [batch_size, n_dest, n_src])

    class TransformerBlock(layers.Layer):
        def __init__(self, embed_dim, num_heads, ff_dim, rate=0.0):
            super().__init__()
            self.att = layers.MultiHeadAttention(num_heads, embed_dim)
            self.ffn = keras.Sequential([layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)])
            self.layernorm1, self.layernorm2 = layers.LayerNormalization(epsilon=1e-6), layers.LayerNormalization(epsilon=1e-6)
            self.dropout1, self.dropout2 = layers.Dropout(rate), layers.Dropout(rate)

        def call(self, inputs):
            input_shape = ops.shape(inputs)
            causal_mask = causal_attention_mask(input_shape[0], input_shape[1], input_shape[1], "bool")
            attention_output = self.dropout1(self.att(inputs, inputs, attention_mask=causal_mask))
            out1 = self.layernorm1(inputs + attention_output)
            return self.layernorm2(out1 + self.dropout2(self.ffn(out1)))

    class TokenAndPositionEmbedding(layers.Layer):
        def __init__(self, maxlen, vocab_size, embed_dim):
            super().__init__()
            self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
            self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)

        def call(self, x):
            positions = self.pos_emb(ops.arange(0, ops.shape(x)[-1], 1))
            return self.token_emb(x) + positions

    class TextGenerator(keras.callbacks.Callback):
        def __init__(self, max_tokens, start_tokens):
            super().__init__()
            self.max_tokens, self.start_tokens, self.found = max_tokens, start_tokens, []

        def on_epoch_end(self, epoch, logs=None):
            tokens, made = list(self.start_tokens), []
            while len(made) < self.max_tokens:
                x = np.array([(tokens + [0] * 6)[:6]])
                y, _ = self.model.predict(x, verbose=0)
                logits, indices = ops.top_k(y[0][len(tokens) - 1], k=3, sorted=True)
                preds = ops.softmax(ops.expand_dims(logits, 0))[0]
                made.append(int(np.asarray(indices)[int(np.argmax(np.asarray(preds)))]))
                tokens.append(made[-1])
            self.found.append(made)

    inputs = layers.Input(shape=(6,), dtype="int32")
    x = TransformerBlock(8, 2, 8)(TokenAndPositionEmbedding(6, 10, 8)(inputs))
    model = fill(keras.Model(inputs=inputs, outputs=[layers.Dense(10)(x), x]))
    model.compile(keras.optimizers.SGD(0.1), loss=[keras.losses.SparseCategoricalCrossentropy(from_logits=True), None])
    tokens = integers(10, 16, 7)
    ds = dataset(keras).from_tensor_slices(tokens).batch(8).map(lambda v: (v[:, :-1], v[:, 1:]))
    callback = TextGenerator(3, [1, 2])
    return {
        "history": numbers(model.fit(ds, epochs=2, callbacks=[callback], verbose=0)),
        "text": callback.found,
        "y": plain(model(tokens[:1, :6])[0]),
    }


@program
def next_frame(keras, folder):
    """ConvLSTM2D stack for frames, and TimeDistributed convolutions."""
    layers = keras.layers
    inp = layers.Input(shape=(None, 6, 6, 1))
    x = layers.ConvLSTM2D(filters=2, kernel_size=(5, 5), padding="same", return_sequences=True, activation="relu")(inp)
    x = layers.BatchNormalization()(x)
    x = layers.ConvLSTM2D(filters=2, kernel_size=(1, 1), padding="same", return_sequences=True, activation="relu")(x)
    x = layers.Conv3D(filters=1, kernel_size=(3, 3, 3), activation="sigmoid", padding="same")(x)
    model = keras.models.Model(inp, x)
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.05, 0.3, w.shape).astype("float32") for w in model.get_weights()])
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam())
    frames = rng.random((4, 4, 6, 6, 1)).astype("float32")
    early = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10)
    reduce = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", patience=5)
    history = model.fit(
        frames[:, :-1],
        frames[:, 1:],
        batch_size=2,
        epochs=2,
        validation_data=(frames[:2, :-1], frames[:2, 1:]),
        callbacks=[early, reduce],
        shuffle=False,
        verbose=0,
    )
    y = model.predict(np.expand_dims(frames[0, :3], axis=0), verbose=0)
    video = keras.Input((3, 6, 6, 1))
    v = layers.TimeDistributed(layers.Conv2D(2, 3, activation="relu"))(video)
    v = layers.GRU(3)(layers.TimeDistributed(layers.Flatten())(v))
    other = fill(keras.Model(video, v))
    return {"history": numbers(history), "frame": plain(y[0, -1, 0]), "video": plain(other(frames[:, :3])), "paths": paths(other)}


@program
def bidirectional_sentiment(keras, folder):
    """The LSTM text example on padded sequences with pad_sequences and masks."""
    layers = keras.layers
    sequences = [[1, 2, 3], [4, 5], [6], [7, 8, 9, 1, 2, 3, 4]]
    x = keras.utils.pad_sequences(sequences, maxlen=5)
    post = keras.utils.pad_sequences(sequences, padding="post", truncating="post", maxlen=5)
    inputs = keras.Input(shape=(None,), dtype="int32")
    h = layers.Embedding(12, 6, mask_zero=True)(inputs)
    h = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(h)
    h = layers.Bidirectional(layers.GRU(3), merge_mode="ave")(h)
    model = fill(keras.Model(inputs, layers.Dense(1, activation="sigmoid")(h)))
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, np.array([0, 1, 1, 0]), epochs=3, batch_size=2, shuffle=False, verbose=0)
    masking = keras.Sequential(
        [keras.Input((4, 2)), layers.Masking(mask_value=-1.0), layers.LSTM(3, return_sequences=True), layers.GlobalAveragePooling1D()]
    )
    fill(masking)
    data = normal(2, 4, 2)
    data[:, 2:] = -1
    with tape(keras) as t:
        loss = keras.ops.sum(masking(data) ** 2)
    return {
        "pre": plain(x),
        "post": plain(post),
        "history": numbers(history),
        "y": plain(model.predict(post, verbose=0)),
        "masked": plain(masking(data)),
        "gradients": plain(t.gradient(loss, masking.trainable_weights)),
    }


@program
def actor_critic(keras, folder):
    """One episode's update in the actor-critic and deep Q examples with fixed actions."""
    ops, layers = keras.ops, keras.layers
    inputs = layers.Input(shape=(4,))
    common = layers.Dense(8, activation="relu")(inputs)
    model = fill(keras.Model(inputs=inputs, outputs=[layers.Dense(2, activation="softmax")(common), layers.Dense(1)(common)]))
    optimizer, huber = keras.optimizers.Adam(learning_rate=0.01), keras.losses.Huber()
    losses = []
    for _episode in range(2):
        with tape(keras) as t:
            probs, critic, rewards = [], [], []
            for step in range(4):
                state = ops.expand_dims(convert(keras, normal(4, seed=step)), 0)
                action_probs, critic_value = model(state)
                critic.append(critic_value[0, 0])
                probs.append(ops.log(action_probs[0, step % 2]))
                rewards.append(1.0 * step)
            returns = np.cumsum(rewards[::-1])[::-1].astype("float32")
            returns = ((returns - returns.mean()) / (returns.std() + 1e-6)).tolist()
            actor_losses = [-p * (r - c) for p, c, r in zip(probs, critic, returns)]
            critic_losses = [huber(ops.expand_dims(c, 0), ops.expand_dims(r, 0)) for c, r in zip(critic, returns)]
            loss = sum(actor_losses) + sum(critic_losses)
        optimizer.apply_gradients(zip(t.gradient(loss, model.trainable_variables), model.trainable_variables))
        losses.append(float(loss))
    q, target = fill(keras.Sequential([keras.Input((4,)), layers.Dense(6, activation="relu"), layers.Dense(3)])), None
    target = keras.models.clone_model(q)
    target.set_weights(q.get_weights())
    opt = keras.optimizers.Adam(learning_rate=0.01, clipnorm=1.0)
    for step in range(2):
        future = target.predict(normal(5, 4, seed=step), verbose=0)
        updated = 1.0 + 0.9 * ops.amax(future, axis=1)
        masks = ops.one_hot(integers(3, 5), 3)
        with tape(keras) as t:
            action = ops.sum(ops.multiply(q(normal(5, 4, seed=step)), masks), axis=1)
            loss = huber(updated, action)
        opt.apply_gradients(zip(t.gradient(loss, q.trainable_variables), q.trainable_variables))
        losses.append(float(loss))
    return {"losses": losses, "weights": plain(q.get_weights())}
