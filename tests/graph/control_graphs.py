"""Graphs of control flow that TensorFlow builds and answers. Needs TensorFlow."""

import numpy as np
import tensorflow as tf

from .tensorflow_graphs import GRAPHS, fed, function, graph, raw, v1

# --- TensorFlow 1's control flow --------------------------------------------------------------------------------------------


def _cond(value):
    def build():
        (x, y), feeds = fed(value, [1.0, 2.0])
        made = v1.cond(x < 5.0, lambda: x * y, lambda: y + tf.constant([10.0, 20.0]))
        return feeds, [made, v1.cond(x < 5.0, lambda: tf.constant(1), lambda: tf.constant(2))]

    return build


GRAPHS["control"] |= {"cond true": _cond(3.0), "cond false": _cond(7.0)}


def _switch(value):
    def build():
        (x, p), feeds = fed([1.0, 2.0], np.array(value))
        off, on = raw.Switch(data=x, pred=p)
        merged = raw.Merge(inputs=[off * 10.0, tf.exp(on)])
        return feeds, [merged.output, merged.value_index]

    return build


GRAPHS["control"] |= {"switch off": _switch(False), "switch on": _switch(True)}


@graph("control")
def while_sum():
    (n,), feeds = fed(np.int32(5))
    made = v1.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s + tf.cast(i, tf.float32) * 1.5), (0, tf.constant(0.0)))
    return feeds, list(made)


@graph("control")
def while_not_once():
    (n,), feeds = fed(np.int32(0))
    return feeds, list(v1.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s * 2.0), (0, tf.constant([3.0, 4.0]))))


@graph("control")
def while_nested():
    (n, x), feeds = fed(np.int32(4), [[1.0, -2.0], [0.5, 0.25]])

    def outer(i, total):
        inner = v1.while_loop(lambda j, s: j < i, lambda j, s: (j + 1, s + tf.matmul(x, s) * 0.1 + tf.cast(i * j, tf.float32)), (0, total))
        return i + 1, inner[1] + 1.0

    return feeds, list(v1.while_loop(lambda i, s: i < n, outer, (0, tf.ones([2, 2]))))


@graph("control")
def while_three_deep():
    (n,), feeds = fed(np.int32(3))

    def level(depth, limit):
        if not depth:
            return tf.constant(1)
        return v1.while_loop(lambda i, s: i < limit, lambda i, s: (i + 1, s + level(depth - 1, i + 1) * limit), (0, 0))[1]

    return feeds, [level(3, n)]


@graph("control")
def while_with_cond():
    (n,), feeds = fed(np.int32(7))

    def step(i, s):
        odd = lambda: v1.cond(s > 3.0, lambda: s * 2.0, lambda: tf.constant(100.0))  # noqa: E731
        return i + 1, v1.cond(tf.equal(i % 2, 0), lambda: s + tf.cast(i, tf.float32), odd)

    return feeds, list(v1.while_loop(lambda i, s: i < n, step, (0, tf.constant(0.0))))


def _cond_with_while(value):
    def build():
        (x,), feeds = fed(value)
        made = v1.cond(
            x > 0.0,
            lambda: v1.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s * 1.5), (0, x))[1],
            lambda: v1.while_loop(lambda i, s: i < 2, lambda i, s: (i + 1, s - 1.0), (0, tf.constant(7.0)))[1],
        )
        return feeds, [made]

    return build


GRAPHS["control"] |= {"cond with while, taken": _cond_with_while(2.0), "cond with while, other": _cond_with_while(-2.0)}


@graph("control")
def while_two_in_a_row():
    (x,), feeds = fed([1.0, 2.0, 3.0])
    first = v1.while_loop(lambda i, s: tf.reduce_sum(s) < 50.0, lambda i, s: (i + 1, s * 2.0), (0, x))
    second = v1.while_loop(lambda i, s: i > 0, lambda i, s: (i - 1, s - 0.5), first)
    return feeds, [*first, *second]


@graph("control")
def while_growing_shape():
    (x,), feeds = fed([[1.0, 2.0]])
    shapes = (tf.TensorShape([]), tf.TensorShape([None, 2]))
    return feeds, list(v1.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, tf.concat([s, s + 1.0], 0)), (0, x), shape_invariants=shapes))


@graph("control")
def tensor_array_in_a_loop():
    (x,), feeds = fed([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    source = tf.TensorArray(tf.float32, 3).unstack(x)
    made = v1.while_loop(
        lambda i, out: i < 3,
        lambda i, out: (i + 1, out.write(i, source.read(i) * tf.cast(i, tf.float32))),
        (0, tf.TensorArray(tf.float32, 3)),
    )
    return feeds, [made[1].stack(), made[1].size()]


@graph("control")
def map_and_scan():
    (x,), feeds = fed([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    return feeds, [v1.map_fn(lambda row: tf.reduce_sum(row) * row, x), v1.scan(lambda a, b: a * 0.5 + b, x)]


@graph("control")
def dynamic_rnn():
    (x, lengths), feeds = fed([[[0.5, -1.0], [1.0, 0.2], [0.3, 0.3]], [[0.1, 0.9], [-0.4, 0.6], [1.0, -1.0]]], np.array([3, 2], np.int32))
    kernel = tf.constant(np.linspace(-1, 1, 5 * 12).reshape(5, 12).astype(np.float32))
    steps = tf.transpose(x, [1, 0, 2])
    source, zero = tf.TensorArray(tf.float32, 3).unstack(steps), tf.zeros([2, 3])

    def step(time, out, c, h):
        i, j, f, o = tf.split(tf.matmul(tf.concat([source.read(time), h], 1), kernel), 4, 1)
        new = tf.sigmoid(f + 1.0) * c + tf.sigmoid(i) * tf.tanh(j)
        goes = tf.expand_dims(time < lengths, 1)
        return (
            time + 1,
            out.write(time, tf.sigmoid(o) * tf.tanh(new)),
            tf.where(goes, new, c),
            tf.where(goes, tf.sigmoid(o) * tf.tanh(new), h),
        )

    made = v1.while_loop(lambda time, *_: time < 3, step, (0, tf.TensorArray(tf.float32, 3), zero, zero))
    return feeds, [made[1].stack(), made[2], made[3]]


# --- TensorFlow 2's -----------------------------------------------------------------------------------------------------------


@function([1.0, 2.0], 3.0)
def branch(x, limit):
    return tf.cond(tf.reduce_sum(x) > limit, lambda: x * 2.0, lambda: x - limit)


@function([1.0, 5.0], 3.0)
def branch_else(x, limit):
    return tf.cond(tf.reduce_sum(x) < limit, lambda: (x * 2.0, tf.constant(1)), lambda: (x - limit, tf.constant(2)))


@function([[1.0, -2.0], [0.5, 0.25]], np.int32(3))
def loops(x, n):
    def outer(i, total):
        inner = tf.while_loop(lambda j, s: j < i, lambda j, s: (j + 1, s + tf.matmul(x, s) * 0.1), (0, total))
        return i + 1, inner[1] + 1.0

    return tf.while_loop(lambda i, s: i < n, outer, (0, tf.ones([2, 2])))


@function([1.0, 2.0, 3.0], np.int32(2))
def cases(x, which):
    return tf.switch_case(which, [lambda: x, lambda: x * 2.0, lambda: x * 3.0], default=lambda: -x)


@function([1.0, 2.0, 3.0], np.int32(-4))
def cases_default(x, which):
    return tf.switch_case(which, [lambda: x, lambda: x * 2.0], default=lambda: -x)


@function([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
def mapped(x):
    return tf.map_fn(lambda row: tf.reduce_sum(row) * row, x), tf.scan(lambda a, b: a * 0.5 + b, x)


@function([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.int32(4))
def while_with_if(x, n):
    out = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[2])
    i, total = tf.constant(0), tf.zeros([2])

    def step(i, total, out):
        total = tf.cond(tf.equal(i % 2, 0), lambda: total + x[i % 3], lambda: total * tf.constant(0.5))
        return i + 1, total, out.write(i, total)

    _, total, out = tf.while_loop(lambda i, *_: i < n, step, (i, total, out))
    return total, out.stack()


@function([[[0.5, -1.0], [1.0, 0.2], [0.3, 0.3]], [[0.1, 0.9], [-0.4, 0.6], [1.0, -1.0]]])
def recurrent(x):
    kernel = tf.constant(np.linspace(-1, 1, 5 * 3).reshape(5, 3).astype(np.float32))
    out = tf.TensorArray(tf.float32, 3)

    def step(i, h, out):
        h = tf.tanh(tf.matmul(tf.concat([x[:, i], h], 1), kernel))
        return i + 1, h, out.write(i, h)

    return tf.while_loop(lambda i, *_: i < tf.shape(x)[1], step, (0, tf.zeros([2, 3]), out))[2].stack()


_twice = tf.function(lambda x: x * 2.0 + 1.0)
_again = tf.function(lambda x: _twice(_twice(x)) - x)


@function([1.0, 2.0])
def calls(x):
    return _again(x)


@graph("control")
def partitioned_calls():
    (x,), feeds = fed([1.0, 2.0])
    inner = tf.function(lambda y: (y * 2.0, y + 1.0)).get_concrete_function(tf.TensorSpec([2], tf.float32))
    inner.add_to_graph(v1.get_default_graph())
    calls = [
        getattr(raw, name)(args=[x], Tout=[tf.float32, tf.float32], f=inner) for name in ("PartitionedCall", "StatefulPartitionedCall")
    ]
    return feeds, [part for call in calls for part in call]


def _branches(operation, *leading, **names):
    """Add a graph of an op that picks among functions."""

    def build():
        (x, *given), feeds = fed([1.0, 2.0], *leading)
        bodies = {}
        for name, body in names.items():
            made = [
                tf.function(b).get_concrete_function(tf.TensorSpec([2], tf.float32)) for b in (body if isinstance(body, list) else [body])
            ]
            for each in made:
                each.add_to_graph(v1.get_default_graph())
            bodies[name] = made if isinstance(body, list) else made[0]
        rest = {"If": {"cond": given[:1], "Tout": [tf.float32]}, "Case": {"branch_index": given[:1], "Tout": [tf.float32]}, "While": {}}
        rest = rest[operation.removeprefix("Stateless")]
        rest = {key: value[0] if key in ("cond", "branch_index") else value for key, value in rest.items()}
        return feeds, tf.nest.flatten(getattr(raw, operation)(input=[x], **rest, **bodies))

    GRAPHS["control"][f"{operation} {' '.join(str(v) for v in leading)}"] = build


for _op in ("If", "StatelessIf"):
    for _value in (True, False, np.float32(0.5), np.int32(0)):
        _branches(_op, np.asarray(_value), then_branch=lambda x: x * 2.0, else_branch=lambda x: x - 1.0)
for _op in ("Case", "StatelessCase"):
    for _value in (0, 1, 2, -1, 9):
        _branches(_op, np.int32(_value), branches=[lambda x: x, lambda x: x * 2.0, lambda x: x * 3.0])
for _op in ("While", "StatelessWhile"):
    _branches(_op, cond=lambda x: tf.reduce_sum(x) < 100.0, body=lambda x: x * 1.5)
