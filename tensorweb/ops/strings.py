"""`tw.strings`: splitting, n-grams, hashing and replacing, by the host routines. Joining, slicing, comparing work as on numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import DTypeError, message
from ..kernels.patterns import Spec
from ..tensor import as_tensor
from .define import composite
from .places import index_tensor
from .primitives import host_routine

_split = host_routine("string_split", None)
_n_grams = host_routine("string_n_grams", None)
_hash = host_routine("string_to_hash_bucket_fast", lambda x, **attrs: (Spec(x.shape, "int32"),))
_replace = host_routine("static_regex_replace", lambda x, **attrs: (x,))


def _strings(x: Any, where: str) -> Any:
    x = as_tensor(x, where)
    if x.dtype != "string" and x.size:
        raise DTypeError(message(where, "a string tensor", f"dtype {x.dtype}", "Pass strings."))
    return x


@composite(gradient="none", namespace="strings")
def string_split(input: Any, delimiter: Any = " ", skip_empty: bool = True) -> tuple[Any, Any, Any]:
    """Return (indices, values, shape) of the sparse matrix whose row i holds the pieces of string i.

    `delimiter` is a set of characters that each split (empty: every character is a piece). TensorFlow.js's string.stringSplit.

    >>> import tensorweb as tw
    >>> [t.tolist() for t in tw.strings.string_split(["hello world", "a"], " ")]
    [[[0, 0], [0, 1], [1, 0]], ['hello', 'world', 'a'], [2, 2]]
    """
    x = _strings(input, "string_split")
    by = delimiter.item() if hasattr(delimiter, "item") else delimiter
    return _split(x, static=((("delimiter", by), ("skip_empty", bool(skip_empty))),))


@composite(gradient="none", namespace="strings")
def string_n_grams(
    data: Any, data_splits: Any, separator: str, n_gram_widths: Sequence[int], left_pad: str, right_pad: str, pad_width: int,
    preserve_short_sequences: bool,
) -> tuple[Any, Any]:  # fmt: skip
    """Return (n_grams, n_grams_splits) of the rows of a ragged tensor of strings. TensorFlow.js's string.stringNGrams.

    >>> import tensorweb as tw
    >>> grams, splits = tw.strings.string_n_grams(["a", "b", "c", "d"], [0, 3, 4], " ", [2], "L", "R", 0, False)
    >>> grams.tolist(), splits.tolist()
    (['a b', 'b c'], [0, 2, 2])
    """
    attrs = {
        "separator": separator, "n_gram_widths": tuple(n_gram_widths), "left_pad": left_pad, "right_pad": right_pad,
        "pad_width": int(pad_width), "preserve_short_sequences": bool(preserve_short_sequences),
    }  # fmt: skip
    words, splits = _strings(data, "string_n_grams"), index_tensor(data_splits, "string_n_grams")
    return _n_grams(words, splits, static=(tuple(attrs.items()),))


@composite(gradient="none", namespace="strings")
def string_to_hash_bucket_fast(input: Any, num_buckets: int) -> Any:
    """Return the int32 bucket of each string: its FarmHash fingerprint modulo `num_buckets`, as in TensorFlow.

    TensorFlow.js's string.stringToHashBucketFast.

    >>> import tensorweb as tw
    >>> tw.strings.string_to_hash_bucket_fast(["Hello", "TensorFlow", "2.x"], 3).tolist()
    [0, 2, 2]
    """
    return _hash(_strings(input, "string_to_hash_bucket_fast"), static=((("num_buckets", num_buckets),),))


@composite(gradient="none", namespace="strings")
def static_regex_replace(input: Any, pattern: str, rewrite: str, replace_global: bool = True) -> Any:
    r"""Return the strings with matches of a regular expression replaced, all or the first of each; \1 in `rewrite` is group 1.

    TensorFlow.js's string.staticRegexReplace.

    >>> import tensorweb as tw
    >>> tw.strings.static_regex_replace(["banana"], "a", "o").tolist()
    ['bonono']
    """
    attrs = (("pattern", pattern), ("rewrite", rewrite), ("replace_global", bool(replace_global)))
    return _replace(_strings(input, "static_regex_replace"), static=(attrs,))
