"""Regular expressions as TensorFlow has them: RE2's syntax and meaning. What is replaced by them: `strings.py`.

A pattern is parsed into a tree of tuples, so what RE2 does not know (look-around, references) is refused and what Python's `re` means
otherwise (`$`, POSIX classes, flags within) is not mistaken. Few choices run by `re`; others could take it exponential time and run by a
machine that goes through the text once, all possibilities side by side.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn

from ...errors import FormatError, message
from .re2_machine import Machine

_LAST = 0x10FFFF
_MOST_REPEATS, _DEPTH, _LENGTH = 1000, 64, 20_000
_LAST_CASE = 0x1E944  # no letter from here on has two cases

Ranges = tuple[tuple[int, int], ...]

_DIGIT: Ranges = ((48, 57),)
_SPACE: Ranges = ((9, 10), (12, 13), (32, 32))
_WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_PERL = {"d": _DIGIT, "s": _SPACE, "w": _WORD}
_POSIX: dict[str, Ranges] = {
    "alnum": ((48, 57), (65, 90), (97, 122)), "alpha": ((65, 90), (97, 122)), "ascii": ((0, 127),), "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)), "digit": _DIGIT, "graph": ((33, 126),), "lower": ((97, 122),), "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)), "space": ((9, 13), (32, 32)), "upper": ((65, 90),), "word": _WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}  # fmt: skip
_SIGNS = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


def _inverted(ranges: Ranges) -> Ranges:
    out, start = [], 0
    for low, high in sorted(ranges):
        if low > start:
            out.append((start, low - 1))
        start = max(start, high + 1)
    return (*out, (start, _LAST)) if start <= _LAST else tuple(out)


@lru_cache(maxsize=1)
def _cases() -> list[list[int]]:
    """Return the characters that are one another's cases, as lists: K, k and the sign for kelvin, and so on."""
    found: dict[str, list[int]] = {}
    for code in range(_LAST_CASE):
        c = chr(code)
        if c.lower() != c or c.upper() != c:
            found.setdefault((c.upper() if len(c.upper()) == 1 else c).lower(), []).append(code)
    return [codes for codes in found.values() if len(codes) > 1]


def _in_both_cases(ranges: Ranges) -> Ranges:
    more = [codes for codes in _cases() if any(low <= code <= high for code in codes for low, high in ranges)]
    return tuple({*ranges, *((code, code) for codes in more for code in codes)})


@lru_cache(maxsize=64)
def _category(name: str) -> Ranges:
    """Return the characters of a general category of Unicode such as L or Lu."""
    out: list[tuple[int, int]] = []
    for code in range(_LAST + 1):
        if unicodedata.category(chr(code)).startswith(name):
            out[-1:] = [(out[-1][0], code)] if out and out[-1][1] == code - 1 else [*out[-1:], (code, code)]
    return tuple(out)


class Flags(NamedTuple):
    """What (?imsU) sets, from where it stands to the end of the group."""

    i: bool = False
    m: bool = False
    s: bool = False
    U: bool = False


class _Parser:
    """Pattern to tree: ("set", ranges), ("cat", parts), ("alt", parts), ("group", number, part), ("at", kind),
    ("repeat", part, least, most, greedy).
    """  # fmt: skip

    def __init__(self, pattern: str):
        self.pattern = pattern
        self.at = 0
        self.groups = 0
        self.depth = 0

    def refuse(self, why: str) -> NoReturn:
        """Raise the FormatError of this pattern."""
        told = f"{self.pattern[:80]!r} ({why} at {self.at})"
        raise FormatError(message("regular expression", "one that RE2 knows", told, "Such a pattern cannot be run."))

    def take(self, text: str) -> bool:
        """Go over a text if it stands here."""
        if self.pattern.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def next(self) -> str:
        """Return the character here and go over it."""
        if self.at >= len(self.pattern):
            self.refuse("an early end")
        self.at += 1
        return self.pattern[self.at - 1]

    def whole(self) -> Any:
        """Return the tree of the whole pattern."""
        if len(self.pattern) > _LENGTH:
            self.refuse("a length")
        found = self.choice(Flags())
        if self.at < len(self.pattern):
            self.refuse("a ) without (")
        return found

    def choice(self, flags: Flags) -> Any:
        """Parse alternatives, up to the end of the group."""
        self.depth += 1
        if self.depth > _DEPTH:
            self.refuse("groups too deep")
        branches: list[list[Any]] = [[]]
        while self.at < len(self.pattern) and self.pattern[self.at] != ")":
            if self.take("|"):
                branches.append([])
                continue
            part = self.atom(flags)
            if isinstance(part, Flags):
                flags = part
            elif part is not None:
                branches[-1].append(self.repeated(part, flags))
        self.depth -= 1
        parts = [("cat", tuple(branch)) for branch in branches]
        return ("alt", tuple(parts)) if len(parts) > 1 else parts[0]

    def atom(self, flags: Flags) -> Any:
        """Parse what may be repeated; flags that hold from here; None for nothing."""
        c = self.next()
        if c == "(":
            return self.group(flags)
        if c == "[":
            return ("set", self.brackets(flags))
        if c == "\\":
            return self.escape(flags)
        if c == ".":
            return ("set", ((0, _LAST),) if flags.s else _inverted(((10, 10),)))
        if c in "^$":
            return ("at", {"^": "line" if flags.m else "start", "$": "line end" if flags.m else "end"}[c])
        if c in "*+?":
            self.refuse("nothing to repeat")
        return self.literal(c, flags)

    def literal(self, c: str, flags: Flags) -> Any:
        """Return the tree of a character."""
        one: Ranges = ((ord(c), ord(c)),)
        return ("set", _in_both_cases(one) if flags.i else one)

    def repeated(self, part: Any, flags: Flags) -> Any:
        """Parse the operator of repetition that follows, if any; RE2 refuses two of them."""
        bounds = self.bounds()
        if bounds is None:
            return part
        least, most = bounds
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            self.refuse("a wrong number of repetitions")
        part = ("repeat", part, least, most, self.take("?") == flags.U)
        if self.bounds() is not None:
            self.refuse("a repetition of a repetition")
        return part

    def bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return bounds
        found = re.compile(r"\{([0-9]{1,9})(,([0-9]{0,9}))?\}").match(self.pattern, self.at)
        if found is None:
            return None
        self.at = found.end()
        least = int(found[1])
        return least, (int(found[3]) if found[3] else None) if found[2] else least

    def group(self, flags: Flags) -> Any:
        """Parse what stands in round brackets."""
        number = None
        if self.take("?"):
            if self.take("P<") or self.take("<"):
                name = re.compile(r"\w+>").match(self.pattern, self.at)
                if name is None:
                    self.refuse("a group's name")
                self.at = name.end()
                self.groups += 1
                number = self.groups
            else:
                flags, only = self.flags(flags)
                if only:
                    return flags
        else:
            self.groups += 1
            number = self.groups
        part = self.choice(flags)
        if not self.take(")"):
            self.refuse("a ( without )")
        return ("group", number, part)

    def flags(self, flags: Flags) -> tuple[Flags, bool]:
        """Parse flags behind (?; return them and whether there is nothing else in the group."""
        value = True
        while (c := self.next()) not in ":)":
            if c == "-" and value:
                value = False
            elif c in Flags._fields:
                flags = flags._replace(**{c: value})
            else:
                self.refuse("a group of a kind that is not known")
        return flags, c == ")"

    # --- sets of characters ---

    def escape(self, flags: Flags) -> Any:
        """Parse what follows a backslash."""
        if self.take("Q"):
            end = self.pattern.find("\\E", self.at)
            text = self.pattern[self.at : end if end >= 0 else len(self.pattern)]
            self.at += len(text) + (2 if end >= 0 else 0)
            return ("cat", tuple(self.literal(c, flags) for c in text)) if text else None
        for letter, kind in (("A", "start"), ("z", "end"), ("b", "edge"), ("B", "no edge")):
            if self.take(letter):
                return ("at", kind)
        if self.take("C"):
            return ("set", ((0, _LAST),))
        ranges = self.named()
        if ranges is not None:
            return ("set", _in_both_cases(ranges) if flags.i else ranges)
        return self.literal(self.sign(), flags)

    def named(self) -> Ranges | None:
        """Parse a class behind a backslash, if one is there: d, pN, p{Lu} ..."""
        c = self.pattern[self.at : self.at + 1]
        if c.lower() in _PERL and c:
            self.at += 1
            return _PERL[c.lower()] if c.islower() else _inverted(_PERL[c.lower()])
        if c not in ("p", "P"):
            return None
        self.at += 1
        name = self.next()
        if name == "{":
            end = self.pattern.find("}", self.at)
            name, self.at = self.pattern[self.at : end], (end + 1 if end >= 0 else len(self.pattern))
        inverted = (c == "P") != name.startswith("^")
        name = name.removeprefix("^")
        if name != "Any" and not re.fullmatch("[CLMNPSZ][a-z]?", name):
            self.refuse(f"a class of characters {name[:20]!r}")
        ranges = ((0, _LAST),) if name == "Any" else _category(name)
        return _inverted(ranges) if inverted else ranges

    def sign(self) -> str:
        """Parse one character as it is written behind a backslash."""
        for form, base in ((r"x\{([0-9A-Fa-f]{1,8})\}", 16), (r"x([0-9A-Fa-f]{2})", 16), (r"([0-7]{3}|0[0-7]{0,2})", 8)):
            found = re.compile(form).match(self.pattern, self.at)
            if found is not None:
                self.at = found.end()
                code = int(found[1], base)
                if code > _LAST:
                    self.refuse("no character")
                return chr(code)
        c = self.next()
        if c in _SIGNS:
            return chr(_SIGNS[c])
        if c.isalnum() and c.isascii():
            self.refuse(f"\\{c}")
        return c

    def brackets(self, flags: Flags) -> Ranges:
        """Parse what stands in square brackets."""
        inverted = self.take("^")
        found: list[tuple[int, int]] = []
        first = True
        while first or not self.take("]"):
            first = False
            posix = re.compile(r"\[:(\^?)(\w+):\]").match(self.pattern, self.at)
            if posix is not None:
                if posix[2] not in _POSIX:
                    self.refuse("a class of characters")
                self.at = posix.end()
                found += _inverted(_POSIX[posix[2]]) if posix[1] else _POSIX[posix[2]]
                continue
            low = self.member()
            if not isinstance(low, str):
                found += low
                continue
            high: Any = low
            if self.pattern.startswith("-", self.at) and not self.pattern.startswith("-]", self.at):
                self.at += 1
                high = self.member()
                if not isinstance(high, str) or high < low:
                    self.refuse("a wrong range")
            found.append((ord(low), ord(high)))
        ranges = _in_both_cases(tuple(found)) if flags.i else tuple(found)
        return _inverted(ranges) if inverted else ranges

    def member(self) -> str | Ranges:
        """Parse one character of a set, or a class."""
        c = self.next()
        if c != "\\":
            return c
        ranges = self.named()
        return self.sign() if ranges is None else ranges


# --- by Python's re ---------------------------------------------------------------------------------------------------------

_PLACES = {"start": r"\A", "end": r"\Z", "line": "(?m:^)", "line end": "(?m:$)", "edge": r"(?a:\b)", "no edge": r"(?a:\B)"}


def _choices(tree: Any) -> Iterator[int]:
    """Yield the weight of each choice that `re` may have to take back; too much for what it could take exponential time for."""
    kind = tree[0]
    if kind == "repeat":
        _, part, least, most, _ = tree
        simple = part[0] == "set" or (most == 1 and least == 0)
        yield 99 if not simple else 3 if most is None else 1 if least != most else 0
        yield from _choices(part)
    elif kind in ("cat", "alt"):
        if kind == "alt":
            yield 1
        for part in tree[1]:
            yield from _choices(part)
    elif kind == "group":
        yield from _choices(tree[2])


def _printed(tree: Any) -> str:
    kind = tree[0]
    if kind == "set":
        return "[" + "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in tree[1]) + "]" if tree[1] else r"[^\s\S]"
    if kind == "cat":
        return "".join(map(_printed, tree[1]))
    if kind == "alt":
        return "(?:" + "|".join(map(_printed, tree[1])) + ")"
    if kind == "group":
        return ("(?:" if tree[1] is None else "(") + _printed(tree[2]) + ")"
    if kind == "at":
        return _PLACES[tree[1]]
    _, part, least, most, greedy = tree
    return f"(?:{_printed(part)}){{{least},{'' if most is None else most}}}{'' if greedy else '?'}"


@lru_cache(maxsize=64)
def compile_re2(pattern: str, whole: bool = False) -> Any:
    """Return what searches for a pattern: `search(text, at)` and `groups`; `whole`: only all of a text matches.

    Raises FormatError for what RE2 refuses.
    """
    parser = _Parser(pattern)
    tree = parser.whole()
    if whole:
        tree = ("cat", (("at", "start"), ("group", None, tree), ("at", "end")))
    if sum(_choices(tree)) <= 8:
        return re.compile(_printed(tree))
    return Machine(tree, parser.groups)
