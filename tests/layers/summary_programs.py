"""Models and the texts of their summaries, the same for real Keras and for TensorWeb."""

SUMMARIES = {}


def text_of(model, **options):
    """Return what summary prints."""
    found = []
    model.summary(print_fn=found.append, **options)
    return found


def summary(function):
    """Register a function that gives texts."""
    SUMMARIES[function.__name__] = function
    return function


@summary
def convolutional(keras):
    """A Sequential with weights that are not trained."""
    layers = keras.layers
    stack = [layers.Conv2D(8, 3, name="c"), layers.BatchNormalization(name="batch_normalization"), layers.Flatten(name="f")]
    model = keras.Sequential([keras.Input((28, 28, 1)), *stack, layers.Dense(10, name="d")], name="seq")
    plain = text_of(model)
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    return [plain, text_of(model), text_of(model, show_trainable=True, line_length=100), text_of(model, line_length=50)]


@summary
def graph(keras):
    """Two inputs, a shared layer with a long name, ops, a layer with several outputs."""
    layers = keras.layers
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(4, name="a_rather_long_layer_name_that_has_to_be_cut_somewhere")
    z = layers.Concatenate(name="concatenate")([shared(a), shared(b)])
    sliced = z[:, :3] + 1.0
    states = layers.LSTM(2, return_state=True, name="l")(keras.ops.expand_dims(z, 1))
    model = keras.Model([a, b], [sliced, states[0]], name="fun")
    return [text_of(model), text_of(model, show_trainable=True, line_length=120), text_of(model, layer_range=("a_rather", "l"))]


@summary
def chain(keras):
    """A functional model that is a chain."""
    x = keras.Input((5,), name="x")
    model = keras.Model(x, keras.layers.Activation("relu", name="act")(keras.layers.Dense(7, use_bias=False, name="d")(x)), name="chain")
    return [text_of(model)]


@summary
def nested(keras):
    """Models within models, expanded."""
    layers = keras.layers
    inner = keras.Sequential([layers.Dense(3, name="a"), keras.Sequential([layers.Dense(2, name="b")], name="innermost")], name="inner")
    model = keras.Sequential([keras.Input((4,)), inner, layers.Dense(1, name="c")], name="outer")
    x = keras.Input((4,), name="x")
    twice = keras.Model(x, layers.Add(name="sum")([model(x), model(x)]), name="twice")
    return [text_of(model), text_of(model, expand_nested=True), text_of(twice, expand_nested=True, show_trainable=True)]


@summary
def subclassed(keras):
    """Before and after a first call."""

    class Two(keras.Model):
        """Two layers."""

        def __init__(self):
            super().__init__(name="two")
            self.first, self.second = keras.layers.Dense(3, name="first"), keras.layers.Dense(2, name="second")

        def call(self, x):
            """Run both."""
            return self.second(self.first(x))

    model = Two()
    before = text_of(model)
    model(keras.ops.ones((2, 5)))
    return [before, text_of(model)]


@summary
def unbuilt(keras):
    """A Sequential without an input, then with one; a part of its layers; other columns."""
    dense = keras.layers.Dense
    model = keras.Sequential([dense(3, name="x1"), dense(2, name="x2"), dense(2, name="y1")], name="three")
    before = text_of(model)
    model.build((None, 3))
    ranges = [text_of(model, layer_range=r) for r in (("x2", "y.*"), ("y1", "x1"), ("x", "x"))]
    return [before, *ranges, text_of(model, line_length=60, positions=[0.3, 0.7, 1.0])]


@summary
def large(keras):
    """Counts with thousands and megabytes; weights in half precision."""
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((1000,)), dense(2000, dtype="float16", name="a"), dense(700, name="b")], name="large")
    return [text_of(model)]
