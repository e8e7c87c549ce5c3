"""Cases of the layers of words, categories and tables: python -m tests.layers.generate text"""

from tests.layers.generate.common import LayerCases, keras, np

L = keras.layers
cases = LayerCases("text")
words = np.array([["a", "b", "zz"], ["", "a", "a"], ["É", "[UNK]", "b"]], dtype=object)
column = np.array([["a"], ["zz"], ["b"]], dtype=object)
numbers = np.array([[3, 4, 0], [-7, 100, 5], [5, 5, 3]], dtype="int32")
MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


def add(layer, *inputs, **options):
    cases.add(layer, *inputs, wide=False, gradient=False, **options)


def idf(mode, count):
    return {"idf_weights": [0.5 + 0.25 * i for i in range(count)]} if mode == "tf_idf" else {}


for mode in MODES:
    for mask, oov in ((None, 1), ("", 1), ("", 3), (None, 2)):
        options = {"mask_token": mask, "num_oov_indices": oov, "output_mode": mode}
        for x in (words, column, words[0], np.array("b", dtype=object)):
            if mode in ("int", "one_hot") or x is not column:
                add(L.StringLookup(vocabulary=["a", "b", "É"], **options, **idf(mode, 3)), x, shape=x.ndim > 0)
    for mask, oov in ((None, 1), (0, 1), (0, 3), (3, 2)):
        vocabulary = [5, 7, 100] if mask == 3 else [3, 5, 100]
        add(L.IntegerLookup(vocabulary=vocabulary, mask_token=mask, num_oov_indices=oov, output_mode=mode, **idf(mode, 3)), numbers)
    if mode in ("multi_hot", "count", "tf_idf"):
        padded = {"max_tokens": 9, "pad_to_max_tokens": True, "output_mode": mode}
        add(L.StringLookup(vocabulary=["a", "b"], **padded, **idf(mode, 2)), words)
        add(L.IntegerLookup(vocabulary=[3, 5], **padded, **idf(mode, 2)), numbers)
        add(L.StringLookup(vocabulary=["a", "b"], output_mode=mode, **idf(mode, 2)), np.array([[["a", "b"], ["a", "x"]]], dtype=object))
add(L.StringLookup(vocabulary=["", "[UNK]", "a", "b"], mask_token=""), words)
add(L.StringLookup(vocabulary=["[UNK]", "a", "b"], output_mode="tf_idf", idf_weights=[9.0, 1.0, 2.0]), words)
add(L.StringLookup(vocabulary=["a", "b"], num_oov_indices=0), np.array([["a", "b", "a"]], dtype=object))
add(L.StringLookup(vocabulary=["a", "b"], num_oov_indices=4, salt=[7, 9]), words)
add(L.StringLookup(vocabulary=["a", "b"], num_oov_indices=4, salt=133), words)
add(L.StringLookup(vocabulary=["a", "b"], encoding="utf-8", name="words"), words)
for token, mask in (("[UNK]", None), ("?", ""), ("?", "m")):
    layer = L.StringLookup(vocabulary=["a", "b"], invert=True, oov_token=token, mask_token=mask)
    add(layer, np.array([[0, 1, 2], [3, 4, 17]], dtype="int32"))
add(L.IntegerLookup(vocabulary=[30, 50], invert=True), np.array([[0, 1, 2, 9]], dtype="int32"))
add(L.IntegerLookup(vocabulary=[30, 50], invert=True, mask_token=0, oov_token=-5), np.array([[0, 1, 2, 3, 9]], dtype="int32"))
for salt in (None, 5, [1, 2]):
    add(L.IntegerLookup(vocabulary=[3, 5], num_oov_indices=3, oov_method="farmhash", salt=salt), numbers)

for mode in ("int", "one_hot", "multi_hot", "count"):
    for x in (words, numbers, words[0], column):
        for options in ({}, {"salt": [133, 137]}, {"salt": 5}, {"mask_value": "a" if x.dtype == object else 5}):
            if x is words or x is numbers or not options:
                # For one_hot Keras tells a shape that is not that of its outputs.
                add(L.Hashing(num_bins=4, output_mode=mode, **options), x, shape=mode != "one_hot" or x is column)
long = np.array([["x" * n for n in (0, 1, 3, 4, 7, 8, 15, 16, 17, 32, 33, 64, 65, 100, 130)]], dtype=object)
add(L.Hashing(num_bins=1000), long)
add(L.Hashing(num_bins=1000, salt=[2**40, 3]), long)
add(L.Hashing(num_bins=1, mask_value=3), numbers)
add(L.Hashing(num_bins=7, dtype="int32"), np.array([1.5, -2.5, 3.0], dtype="float32"))
pairs = [np.array(["a", "b", "c"], dtype=object), np.array([1, -2, 3], dtype="int32")]
for mode in ("int", "one_hot"):
    for bins in (5, 1000):
        add(L.HashedCrossing(bins, output_mode=mode), pairs, shape=False)
        add(L.HashedCrossing(bins, output_mode=mode), [p[:, None] for p in pairs])
        add(L.HashedCrossing(bins, output_mode=mode), [np.array(p[0], dtype=p.dtype) for p in pairs], shape=False)
    add(L.HashedCrossing(99, output_mode=mode), [p[:, None] for p in (*pairs, pairs[0], pairs[1])], shape=False)

inside = np.array([[0, 1, 1], [3, 2, 9]], dtype="int32")
for mode in ("one_hot", "multi_hot", "count"):
    for x in (inside, inside[0], inside[:, :1], np.array(2, dtype="int32"), np.array([[0.0, 1.7]], dtype="float32")):
        if not (mode == "one_hot" and x.dtype == np.float32):
            add(L.CategoryEncoding(num_tokens=4, output_mode=mode), x, shape=x.ndim > 0)
    add(L.CategoryEncoding(num_tokens=4, output_mode=mode), np.array([[[0, 1], [1, 3], [1, 1]], [[2, 1], [0, 0], [7, 1]]], dtype="int32"),
        shape=mode == "one_hot")  # fmt: skip
weights = np.array([[0.5, 0.25, 1.0], [-1.0, 2.0, 5.0]], dtype="float32")
add(L.CategoryEncoding(num_tokens=4, output_mode="count"), inside, count_weights=weights)
add(L.CategoryEncoding(num_tokens=4, output_mode="count"), inside[0], count_weights=weights[0])

floats = np.array([[-1.0, 0.0, 0.5], [1.0, 7.0, np.inf], [-np.inf, 2.0, 1e-9]], dtype="float32")
for mode in ("int", "one_hot", "multi_hot", "count"):
    for bounds in ([0.0, 1.0], [0.5], [-3.0, 0.0, 1.0, 2.0]):
        add(L.Discretization(bin_boundaries=bounds, output_mode=mode), floats)
    add(L.Discretization(bin_boundaries=[0.0, 1.0], output_mode=mode, epsilon=0.1), floats[0])
    add(L.Discretization(bin_boundaries=[0.0, 1.0], output_mode=mode), floats[:, :1])
add(L.Discretization(bin_boundaries=[0, 2]), np.array([[-1, 0, 3]], dtype="int32"))

x = np.random.default_rng(3).uniform(-2, 2, (3, 4, 2)).astype("float32")
for invert in (False, True):
    for axis, mean, variance in (
        (-1, [1.0, 2.0], [4.0, 9.0]), (None, 0.5, 2.0), (1, [0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 0.0]),
        ((1, 2), [[1.0, 2.0]] * 4, [[3.0, 4.0]] * 4), ((1, 2), [1.0, 2.0], [3.0, 4.0]), (-1, 3.0, 2.0),
    ):  # fmt: skip
        cases.add(L.Normalization(axis=axis, mean=mean, variance=variance, invert=invert), x)
    cases.add(L.Normalization(invert=invert), x, weights=[np.zeros(2), np.ones(2), np.zeros((), "int32")])
    weights = [np.zeros((3, 4)), np.ones((3, 4)), np.zeros((), "int32")]
    cases.add(L.Normalization(axis=(0, 1), invert=invert), x, weights=weights, shape=False)

texts = np.array(["The Quick  b! c É", "x \t a b", ""], dtype=object)
vocabulary = ["a", "b", "the", "quick", "a b", "Q", "É", "The", "c"]
for mode in MODES:
    weighted = idf(mode, len(vocabulary))
    for x in (texts, texts[:, None]):
        add(L.TextVectorization(vocabulary=vocabulary, output_mode=mode, split=None, **weighted), x, shape=False)
    if mode == "one_hot":  # of split texts Keras makes ragged tensors
        continue
    for x in (texts, texts[:, None], np.array("a the b", dtype=object)):
        add(L.TextVectorization(vocabulary=vocabulary, output_mode=mode, **weighted), x, shape=x is texts)
    for ngrams in (1, 2, 3, (2,), (1, 3)):
        add(L.TextVectorization(vocabulary=vocabulary, output_mode=mode, ngrams=ngrams, **weighted), texts)
    for x in (texts, texts[:, None]):
        add(L.TextVectorization(vocabulary=vocabulary, output_mode=mode, split="character", **weighted), x, shape=False)
    for standardize in ("lower", "strip_punctuation", None):
        add(L.TextVectorization(vocabulary=vocabulary, output_mode=mode, standardize=standardize, **weighted), texts)
    if mode != "int":
        add(L.TextVectorization(20, vocabulary=vocabulary, output_mode=mode, pad_to_max_tokens=True, **weighted), texts)
for length in (1, 2, 9):
    add(L.TextVectorization(vocabulary=vocabulary, output_sequence_length=length), texts)
    add(L.TextVectorization(vocabulary=vocabulary, output_sequence_length=length, split=None), texts[:, None])
punctuation = np.array(["!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'a", "it's a-b", "a\u00a0b", "a\x0bb\x0cc\rd"], dtype=object)
add(L.TextVectorization(vocabulary=["a", "its", "ab"], encoding="utf-8"), punctuation)
