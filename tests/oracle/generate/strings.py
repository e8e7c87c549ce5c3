"""Oracle cases of strings, sparse and ragged tensors (and what numbers share with strings: joining, comparing)."""

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("strings")
TEXT = ["hello world", "", " a  b ", "x", "tab\tand space", "a,b;c"]
i32 = lambda *x: np.array(x, "int32")  # noqa: E731
text = lambda x: np.array(x, object)  # noqa: E731


def parts(made):
    """Return tensors as NumPy arrays in the library's dtypes."""
    return tuple(np.asarray(t, "int32") if t.dtype in (tf.int64, tf.int32) else t.numpy() for t in made)


# --- strings ---

for delimiter in (" ", ",", ";, ", "", "xyz"):
    for skip_empty in (True, False):
        made = parts(tf.raw_ops.StringSplit(input=TEXT, delimiter=delimiter, skip_empty=skip_empty))
        cases.add("strings.string_split", text(TEXT), delimiter, skip_empty=skip_empty, expected=made)
cases.add("strings.string_split", TEXT, expected=parts(tf.raw_ops.StringSplit(input=TEXT, delimiter=" ")))
cases.add("strings.string_split", text([]), " ", expected=(np.zeros((0, 2), "int32"), text([]), i32(0, 0)))
WORDS, SPLITS = ["a", "b", "c", "d", "e", "f"], [0, 3, 4, 4, 6]
for widths in ([1], [2], [3, 1], [5]):
    for pad_width, keep in [(0, False), (0, True), (1, False), (-1, False), (2, True)]:
        attrs = {"separator": "|", "left_pad": "L", "right_pad": "R", "pad_width": pad_width, "preserve_short_sequences": keep}
        made = parts(tf.raw_ops.StringNGrams(data=WORDS, data_splits=SPLITS, ngram_widths=widths, **attrs))
        cases.add("strings.string_n_grams", text(WORDS), i32(*SPLITS), n_gram_widths=widths, expected=made, **attrs)
for buckets in (1, 3, 10, 1000, 2**31):
    made = np.asarray(tf.strings.to_hash_bucket_fast(TEXT, buckets), "int32") if buckets < 2**31 else None
    if made is not None:
        cases.add("strings.string_to_hash_bucket_fast", text(TEXT), buckets, expected=made)
for x in (["Hello", "TensorFlow", "2.x"], [["é", "ü" * 40], ["z" * 200, ""]]):
    for buckets in (3, 97):
        cases.add(
            "strings.string_to_hash_bucket_fast",
            text(x),
            num_buckets=buckets,
            expected=np.asarray(tf.strings.to_hash_bucket_fast(x, buckets), "int32"),
        )
for pattern, rewrite in [
    ("a", "o"),
    ("[aeiou]", ""),
    ("(\\w)(\\w)", "\\2\\1"),
    ("^", "> "),
    ("x*", "-"),
    ("\\s+", " "),
    ("b", "\\\\"),
    ("l+", "<\\0>"),
]:
    for everywhere in (True, False):
        made = tf.raw_ops.StaticRegexReplace(input=TEXT, pattern=pattern, rewrite=rewrite, replace_global=everywhere).numpy()
        cases.add("strings.static_regex_replace", text(TEXT), pattern, rewrite, replace_global=everywhere, expected=made)
cases.add("strings.static_regex_replace", text([["banana"], ["x"]]), "an", "AN", expected=text([["bANANa"], ["x"]]))

# --- sparse ---

for indices, vals, shape, default in [
    ([[0, 1], [2, 0]], [5, 6], [4, 2], -1), ([[0, 0], [0, 1], [1, 2]], [1, 2, 3], [2, 3], 0), ([[1]], [7], [3], 9),
    (np.zeros((0, 2), "int32"), np.zeros(0, "int32"), [2, 2], 4),
    ([[2, 0], [0, 1], [2, 1]], [5, 6, 7], [3, 2], 0), ([[0, 0, 0], [1, 1, 1]], [3, 4], [3, 2, 2], 8),
]:  # fmt: skip
    args = np.array(indices, "int32"), np.array(vals, "int32"), i32(*shape), np.array(default, "int32")
    made = parts(
        tf.raw_ops.SparseFillEmptyRows(
            indices=np.array(indices, "int64"), values=args[1], dense_shape=np.array(shape, "int64"), default_value=args[3]
        )
    )
    cases.add("sparse.sparse_fill_empty_rows", *args, expected=made)
    cases.add(
        "sparse.sparse_fill_empty_rows",
        args[0],
        args[1].astype("float32"),
        shape,
        float(default),
        expected=(made[0], made[1].astype("float32"), *made[2:]),
    )
cases.add(
    "sparse.sparse_fill_empty_rows",
    i32([1, 0]),
    text(["x"]),
    [2, 1],
    "-",
    expected=(i32([0, 0], [1, 0]), text(["-", "x"]), np.array([True, False]), i32(1)),
)
for indices, old, new in [
    ([[0, 1], [1, 2]], [2, 3], [3, 2]),
    ([[0, 1], [1, 2]], [2, 3], [6]),
    ([[0, 1], [1, 2]], [2, 3], [-1, 2]),
    ([[5]], [6], [1, 2, 3]),
    (np.zeros((0, 2), "int32"), [2, 2], [4]),
    ([[0, 0, 1], [1, 1, 0]], [2, 2, 2], [4, -1]),
]:
    made = parts(
        tf.raw_ops.SparseReshape(
            input_indices=np.array(indices, "int64"), input_shape=np.array(old, "int64"), new_shape=np.array(new, "int64")
        )
    )
    cases.add("sparse.sparse_reshape", np.array(indices, "int32"), i32(*old), i32(*new), expected=made)
    cases.add("sparse.sparse_reshape", np.array(indices, "int32"), old, new, expected=made)
for indices, ids in [
    (i32(0, 1, 2), i32(0, 0, 1)),
    (i32(2, 2, 0), i32(0, 1, 1)),
    (i32(0, 3), i32(0, 2)),
    (i32(1), i32(0)),
    (i32(3, 2, 1, 0), i32(0, 0, 0, 0)),
]:
    for shape in [(4, 2), (4,), (4, 1, 3)]:
        for name, f in [("sum", tf.sparse.segment_sum), ("mean", tf.sparse.segment_mean)]:
            cases.add(f"sparse.sparse_segment_{name}", values(*shape), indices, ids, reference=f)
    data = values(4, 2, dtype="int32", high=9)
    cases.add("sparse.sparse_segment_sum", data, indices, ids, expected=tf.sparse.segment_sum(data, indices, ids).numpy())
cases.add("sparse.sparse_segment_sum", values(4, 2), i32(), i32(), expected=np.zeros((0, 2), "float32"))

# --- ragged ---

for starts, limits, deltas in [
    (i32(0, 5, 8), i32(3, 5, 12), i32(1, 1, 2)),
    (i32(4), i32(0), i32(-1)),
    (np.array(0, "int32"), i32(2, 3), np.array(1, "int32")),
    (np.array(1, "int32"), np.array(6, "int32"), np.array(2, "int32")),
]:
    made = tf.raw_ops.RaggedRange(starts=starts, limits=limits, deltas=deltas, Tsplits=tf.int32)
    cases.add("ragged.ragged_range", starts, limits, deltas, expected=parts(made))
    cases.add("ragged.ragged_range", starts.tolist(), limits.tolist(), deltas.tolist(), expected=parts(made))
# TensorFlow takes fractional deltas for 0.
for starts, limits, deltas in [([0.0, 1.0], [1.0, -1.0], [0.25, -0.5]), ([0.5], [0.25], [0.5])]:
    rows = [np.arange(*row) for row in zip(starts, limits, deltas, strict=True)]
    made = i32(*np.cumsum([0, *map(len, rows)])), np.concatenate(rows).astype("float32")
    cases.add("ragged.ragged_range", *(np.array(v, "float32") for v in (starts, limits, deltas)), expected=made)
RAGGED = [([i32(0, 2, 3, 3)], i32(7, 8, 9)), ([i32(0, 2, 3)], values(3, 2)), ([i32(0, 1, 3), i32(0, 2, 2, 5)], i32(1, 2, 3, 4, 5))]
for splits, vals in RAGGED:
    for indices in (i32(1, 0, 1), i32([0], [1]), np.array(1, "int32"), i32()):
        rank = indices.ndim + len(splits) - 1
        made = tf.raw_ops.RaggedGather(params_nested_splits=splits, params_dense_values=vals, indices=indices, OUTPUT_RAGGED_RANK=rank)
        outer = tuple(np.asarray(v, "int32") for v in made.output_nested_splits)
        cases.add(
            "ragged.ragged_gather", splits, vals, indices, output_ragged_rank=rank, expected=(*outer, made.output_dense_values.numpy())
        )
for shape, vals, default, tensors, types in [
    ([-1, -1], i32(1, 2, 3), np.array(0, "int32"), [i32(0, 2, 3)], ["ROW_SPLITS"]),
    ([3, 4], i32(1, 2, 3), np.array(9, "int32"), [i32(0, 2, 3)], ["ROW_SPLITS"]),
    ([1, 1], i32(1, 2, 3), np.array(9, "int32"), [i32(0, 2, 3)], ["ROW_SPLITS"]),
    ([-1, 3], np.float32([0.1, 0.2, 0.3]), np.float32(1.5), [np.array(4, "int32"), i32(0, 2, 2)], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"]),
    ([2, 2, 2], i32(1, 2, 3, 4, 5), np.array(0, "int32"), [i32(0, 1, 3), i32(0, 2, 2, 5)], ["ROW_SPLITS", "ROW_SPLITS"]),
    ([-1, 2, 2], np.float32([[1, 2], [3, 4]]), np.float32([7, 8]), [i32(0, 2, 2)], ["ROW_SPLITS"]),
]:  # fmt: skip
    made = tf.raw_ops.RaggedTensorToTensor(
        shape=shape, values=vals, default_value=default, row_partition_tensors=tensors, row_partition_types=types
    )
    cases.add("ragged.ragged_tensor_to_tensor", shape, vals, default, tensors, types, expected=made.numpy())
    cases.add("ragged.ragged_tensor_to_tensor", i32(*shape), vals, default, tensors, row_partition_types=types, expected=made.numpy())
WORD = text(["x", "yy", "z"])
cases.add("ragged.ragged_tensor_to_tensor", [-1, 2], WORD, "", [i32(0, 2, 3)], ["ROW_SPLITS"], expected=text([["x", "yy"], ["z", ""]]))

# --- what strings share with numbers ---

for other in (text(["x", "b", "z"]), text(["", "yy", ""])):
    cases.add("equal", WORD, other, expected=other == WORD)
    cases.add("not_equal", WORD, other, expected=other != WORD)
    cases.add("where", np.array([True, False, True]), WORD, other, expected=np.where([True, False, True], WORD, other))
    cases.add("concatenate", [WORD, other], expected=np.concatenate([WORD, other]))
