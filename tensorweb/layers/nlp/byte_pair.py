"""BytePairTokenizer: strings to the ids of byte pairs, merged by rank (Sennrich et al., 2016), as TensorFlow.js splits and merges them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from ...tensor import Tensor, as_tensor, tensor
from .tokenizers import Tokenizer, strings_of

# TensorFlow.js's pattern, with its quirk: the two alternatives for words and numbers stand outside of brackets and match next to
# nothing, so that what lies between punctuation stays together. Ids of the same text are the same there and here.
_SPACES = "\u00a0\u2009\u202f\u3000"
_LETTERS = "a-zA-ZáàâäãåçéèêëíìîïñóòôöõúùûüýÿæœÁÀÂÄÃÅÇÉÈÊËÍÌÎÏÑÓÒÔÖÕÚÙÛÜÝŸÆŒĵ"
_GAP = "६"
_SPLIT = re.compile(
    f"'s|'t|'re|'ve|'m|'ll|'d|[\\s{_SPACES}]+[\\n\\r\\t\\f{_GAP}{_SPACES}]| ?{_LETTERS}+| ?0-9+| ?[^\\s{_LETTERS}0-9{_SPACES}]+"
)
_LAST = re.compile(f"[\\s{_GAP}{_SPACES}]\\Z")
_FIRST_WORD = re.compile(f"( )([^s/{_SPACES}])")
_MARK = "ĵ"


def byte_letters() -> dict[int, str]:
    """Return the printable letter that stands for each byte: itself where it is printable, else one from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [b for b in range(256) if b not in printable]
    return {**{b: chr(b) for b in printable}, **{b: chr(256 + i) for i, b in enumerate(others)}}


class BytePairTokenizer(Tokenizer):
    """Strings to ids of byte pairs. TensorFlow.js's class.

    Args: `vocabulary`: a dict of tokens to ids; `merges`: pairs such as "a b", the first to merge first; `sequence_length`: to which
    ids are cut or padded by 0; `add_prefix_space`; `unsplittable_tokens`: strings that stay whole. Unknown tokens have the id -1.

    >>> import tensorweb as tw
    >>> tokenizer = tw.layers.BytePairTokenizer({"butter": 1, "fly": 2}, ["b u", "t t", "e r", "bu tt", "butt er", "f l", "fl y"])
    >>> [t.tolist() for t in tokenizer.tokenize(["butterfly", "butter"])]
    [[1, 2], [1]]
    """

    def __init__(
        self, vocabulary: dict[str, int], merges: list[str], sequence_length: int | None = None, add_prefix_space: bool = False,
        unsplittable_tokens: list[str] | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self._vocabulary = dict(vocabulary)
        self.merges, self.sequence_length = list(merges), sequence_length or None
        self.add_prefix_space, self.unsplittable_tokens = bool(add_prefix_space), unsplittable_tokens
        self._letters = byte_letters()
        self._known = {t: t for t in unsplittable_tokens or ()}
        self._tokens = {i: t for t, i in self._vocabulary.items()}
        self._ranks = {pair: i for i, pair in enumerate(self.merges)}

    @property
    def vocabulary(self) -> list[str]:
        """The tokens."""
        return list(self._vocabulary)

    @property
    def vocabulary_size(self) -> int:
        """The number of tokens."""
        return len(self._vocabulary)

    def id_to_token(self, id: int) -> str | None:
        """Return the token of an id; None if there is none."""
        return next((t for t, i in self._vocabulary.items() if i == id), None)

    def token_to_id(self, token: str) -> int | None:
        """Return the id of a token; None if there is none."""
        return self._vocabulary.get(token)

    def tokenize(self, inputs: Any) -> list[Tensor]:
        """Return the ids of each string."""
        made = []
        for text in strings_of(inputs, self.name):
            words = self._words(" " + text if self.add_prefix_space else text)
            ids = [self._vocabulary.get(t, -1) for word in words for t in self._merged(word).split(" ")]
            if self.sequence_length:
                ids = ids[: self.sequence_length] + [0] * (self.sequence_length - len(ids))
            made.append(tensor(ids, dtype="int32"))
        return made

    def detokenize(self, inputs: Any) -> Tensor:
        """Return the tokens of each list of ids, joined; unknown ids give nothing."""
        return tensor(["".join(self._tokens.get(i, "") for i in as_tensor(row, self.name).tolist()) for row in inputs], dtype="string")

    def _words(self, text: str) -> list[str]:
        """Return the pieces that are merged by themselves."""
        pieces = [_FIRST_WORD.sub(lambda m: _GAP + m[0], text, count=1)]
        marked = [(t, _MARK + "".join(c for c in t if unicodedata.category(c)[0] in "LN")) for t in self.unsplittable_tokens or ()]
        for token, mark in marked:
            parts = [p for piece in pieces for p in re.split(f"({re.escape(token)})", piece) if p]
            pieces = [p.replace(token, mark, 1) for p in parts]
        for pattern in (_SPLIT, _LAST):
            pieces = [part for piece in pieces for part in _parts(pattern, piece)]
        for token, mark in marked:
            pieces = [p.replace(mark, token, 1) for p in pieces]
        return [p for p in pieces if p != _GAP]

    def _merged(self, word: str) -> str:
        """Return the merged tokens of a word, joined by spaces."""
        if not self._known.get(word):
            units = memoryview(word.encode("utf-16-le", "surrogatepass")).cast("H")
            tokens = [self._letters[u] for u in units if u in self._letters]
            while len(tokens) > 1:
                ranks = [self._ranks.get(f"{a} {b}", len(self.merges) + 1) for a, b in pairwise(tokens)]
                best = min(ranks)
                if best == len(self.merges) + 1:
                    break
                at = ranks.index(best)
                tokens[at : at + 2] = [tokens[at] + tokens[at + 1]]
            self._known[word] = " ".join(tokens)
        return self._known[word]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; the vocabulary as a list of (token, id)."""
        config = super().get_config()
        return {**config, "vocabulary": [list(pair) for pair in self._vocabulary.items()]}


def _parts(pattern: re.Pattern[str], text: str) -> Iterable[str]:
    """Yield what lies between matches and the matches, without empty strings."""
    at = 0
    for match in pattern.finditer(text):
        yield from (p for p in (text[at : match.start()], match[0]) if p)
        at = match.end()
    if at < len(text):
        yield text[at:]
