"""The machine that runs a regular expression through a text once, all possibilities side by side. Patterns are parsed in `re2.py`."""

from __future__ import annotations

from typing import Any

from ...errors import FormatError, message

_MOST_STEPS = 20_000


class _Program:
    """Tree to steps: ("set", ranges), ("split", first, second), ("jump", to), ("save", slot), ("at", kind), ("match",)."""

    def __init__(self, tree: Any):
        self.steps: list[tuple[Any, ...]] = []
        self.emit(("group", 0, tree))
        self.add("match")

    def add(self, *step: Any) -> int:
        """Add a step and return its number; one that is to come later is filled in then."""
        if len(self.steps) >= _MOST_STEPS:
            raise FormatError(message("regular expression", f"{_MOST_STEPS} steps at most", "more", "The pattern repeats too much."))
        self.steps.append(step)
        return len(self.steps) - 1

    def split(self, at: int, greedy: bool, inner: int) -> None:
        """Fill in the choice between what stands at `inner` and what comes next."""
        outer = len(self.steps)
        self.steps[at] = ("split", inner, outer) if greedy else ("split", outer, inner)

    def emit(self, tree: Any) -> None:
        """Add the steps of a tree."""
        kind = tree[0]
        if kind in ("set", "at"):
            self.add(*tree)
        elif kind == "cat":
            for part in tree[1]:
                self.emit(part)
        elif kind == "group":
            _, number, part = tree
            saves = () if number is None else (2 * number, 2 * number + 1)
            for slot in saves[:1]:
                self.add("save", slot)
            self.emit(part)
            for slot in saves[1:]:
                self.add("save", slot)
        elif kind == "alt":
            self.choice(tree[1])
        else:
            self.repeat(*tree[1:])

    def choice(self, parts: Any) -> None:
        """Add alternatives, tried in their order."""
        ends = []
        for part in parts[:-1]:
            at = self.add("split")
            self.emit(part)
            ends.append(self.add("jump"))
            self.split(at, True, at + 1)
        self.emit(parts[-1])
        for end in ends:
            self.steps[end] = ("jump", len(self.steps))

    def repeat(self, part: Any, least: int, most: int | None, greedy: bool) -> None:
        """Add a part as often as it must be there, and then as often as it may."""
        before = len(self.steps)
        for _ in range(least - (most is None)):
            self.emit(part)
            if len(self.steps) == before:  # nothing, however often
                break
        opened = [self.add("split")] if most is None and least == 0 else []
        if most is None:  # once or more; where it may be left out, all of that may
            start = len(self.steps)
            self.emit(part)
            self.split(self.add("split"), greedy, start)
        for _ in range((most or least) - least):
            opened.append(self.add("split"))
            self.emit(part)
        for at in opened:
            self.split(at, greedy, at + 1)


def _is_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isascii() and (text[at].isalnum() or text[at] == "_")


_HOLDS = {
    "start": lambda text, at: at == 0,
    "end": lambda text, at: at == len(text),
    "line": lambda text, at: at == 0 or text[at - 1] == "\n",
    "line end": lambda text, at: at == len(text) or text[at] == "\n",
    "edge": lambda text, at: _is_word(text, at - 1) != _is_word(text, at),
    "no edge": lambda text, at: _is_word(text, at - 1) == _is_word(text, at),
}


class Match:
    """What was found, with the part of `re.Match` that is used here."""

    def __init__(self, text: str, slots: tuple[int, ...]):
        self.text, self.slots = text, slots

    def span(self) -> tuple[int, int]:
        """Return where it starts and ends."""
        return self.slots[0], self.slots[1]

    def __getitem__(self, group: int) -> str | None:
        start, end = self.slots[2 * group : 2 * group + 2]
        return self.text[start:end] if start >= 0 and end >= 0 else None


class Machine:
    """A compiled pattern that goes through a text once; the part of `re.Pattern` that is used here."""

    def __init__(self, tree: Any, groups: int):
        self.groups = groups
        self.steps = _Program(tree).steps

    def search(self, text: str, at: int = 0) -> Match | None:
        """Return the first match from a place on, as a backtracking search would find it, or None."""
        found: tuple[int, ...] | None = None
        threads: list[tuple[int, tuple[int, ...]]] = []
        while True:
            seen: set[int] = set()
            ready: list[tuple[int, tuple[int, ...]]] = []
            for step, slots in threads:
                self.follow(step, slots, text, at, seen, ready)
            if found is None:
                self.follow(0, (-1,) * (2 * self.groups + 2), text, at, seen, ready)
            code = ord(text[at]) if at < len(text) else -1
            threads = []
            for step, slots in ready:
                if self.steps[step][0] == "match":
                    found = slots
                    break  # those behind would be tried later
                if any(low <= code <= high for low, high in self.steps[step][1]):
                    threads.append((step + 1, slots))
            if at >= len(text) or (not threads and found is not None):
                return None if found is None else Match(text, found)
            at += 1

    def follow(self, step: int, slots: tuple[int, ...], text: str, at: int, seen: set[int], ready: list[Any]) -> None:
        """Add the steps that look at a character, or match, to which a step leads, in the order in which they would be tried."""
        stack = [(step, slots)]
        while stack:
            step, slots = stack.pop()
            if step in seen:
                continue
            seen.add(step)
            kind, *operands = self.steps[step]
            if kind == "jump":
                stack.append((operands[0], slots))
            elif kind == "split":
                stack += [(operands[1], slots), (operands[0], slots)]
            elif kind == "save":
                stack.append((step + 1, (*slots[: operands[0]], at, *slots[operands[0] + 1 :])))
            elif kind == "at":
                if _HOLDS[operands[0]](text, at):
                    stack.append((step + 1, slots))
            else:
                ready.append((step, slots))
