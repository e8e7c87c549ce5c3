"""Cases of the merging layers: python -m tests.layers.generate merging"""

from tests.layers.generate.common import LayerCases, keras, np, values

L = keras.layers
cases = LayerCases("merging")


def several(*shapes):
    return [values(*s, seed=10 + i) for i, s in enumerate(shapes)]


ELEMENTWISE = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
SHAPES = [((2, 3), (2, 3)), ((2, 3, 4), (2, 3, 1)), ((2, 1, 4), (2, 3, 1)), ((2, 3), (2, 4, 3)), ((2, 3, 4), (2, 4))]
SHAPES += [((2,), (2,)), ((1, 3), (1, 3))]
first = np.array([[True, False, True], [False, False, True]])
second = np.array([[True, True, False], [False, True, True]])
for name in ELEMENTWISE:
    make = getattr(L, name)
    for shapes in SHAPES:
        cases.add(make(), several(*shapes))
    if name != "Subtract":
        cases.add(make(), several((2, 3), (2, 3), (2, 3)))
        cases.add(make(), several((2, 3), (2, 1), (2, 3), (2, 3)))
        cases.add(make(), several((2, 3)))
    for masks in ([first, second], [first, None], [None, second]):
        cases.add(make(), several((2, 3, 2), (2, 3, 2)), masks=masks)
    cases.add(make(), [np.array([[1, 5, -3]], "int32"), np.array([[2, 2, 2]], "int32")], gradient=False)
    cases.add(make(), [np.array([[np.nan, np.inf, 1.0]], "float32"), np.array([[1.0, np.inf, np.nan]], "float32")], gradient=False)
    cases.add(make(), [np.zeros((0, 3, 2), "float32")] * 2, gradient=False)

for axis, shapes in (
    (-1, ((2, 3), (2, 1))), (1, ((2, 3, 4), (2, 2, 4), (2, 1, 4))), (2, ((2, 3, 4), (2, 3, 2))), (-2, ((2, 3, 4), (2, 2, 4))),
    (0, ((2, 3), (2, 3))),
    (-1, ((2, 3),)), (3, ((1, 2, 2, 1), (1, 2, 2, 3))), (1, ((2, 0), (2, 3))),
):  # fmt: skip
    cases.add(L.Concatenate(axis=axis), several(*shapes), shape=axis != 0)
for axis in (-1, 1):
    for masks in ([first, second], [first, None], [None, second]):
        cases.add(L.Concatenate(axis=axis), several((2, 3, 2), (2, 3, 2)), masks=masks)
cases.add(L.Concatenate(axis=1), several((2, 3), (2, 3)), masks=[first, second])

for axes, normalize, shapes in (
    (1, False, ((2, 3), (2, 3))), (-1, False, ((2, 3), (2, 3))), (1, True, ((2, 3), (2, 3))), (-1, True, ((2, 4, 3), (2, 2, 3))),
    ((2, 1), False, ((2, 4, 3), (2, 3, 5))), ((1, 2), False, ((2, 3, 4), (2, 5, 3))), (1, False, ((2, 3, 4), (2, 3, 5))),
    ((2, 1), True, ((2, 4, 3), (2, 3, 5))), ((1, 1), False, ((2, 3), (2, 3, 5))), ([-1, -2], False, ((2, 4, 3), (2, 3, 5))),
    ((3, 1), False, ((2, 2, 2, 3), (2, 3))), (2, False, ((2, 4, 3), (2, 5, 3))), ((1, 2), False, ((2, 3, 2, 2), (2, 2, 3, 2))),
):  # fmt: skip
    cases.add(L.Dot(axes=axes, normalize=normalize), several(*shapes))
cases.add(L.Dot(axes=2), several((2, 3, 2), (2, 3, 2)), masks=[first, second])
cases.add(L.Dot(axes=1, normalize=True), [np.zeros((1, 3), "float32"), np.ones((1, 3), "float32")], gradient=False)
