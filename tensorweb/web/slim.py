"""Sources without what only people read; each line keeps its number. Of Python, docstrings, comments and annotations of functions go.

Class bodies keep their annotations, which named tuples and dataclasses read. Of JavaScript, comments go, and with them its types.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

Edit = tuple[int, int, bytes]  # from, to, what comes there; line ends between are kept
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Texts, which stay as they are; comments, which go; blanks at the begin of a line, of which one a level stays.
_PARTS = re.compile(
    r'''(?P<text>"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^'\\]|\\.|'(?!\'\'))*\'\'\'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')'''
    r"|[ ]*#[^\n]*|\n(?P<indent>[ ]+)",
    re.DOTALL,
)
# The same of JavaScript. A regular expression is taken for code: none of ours holds a quote or two slashes, and a test would tell.
_SCRIPT_PARTS = re.compile(
    r"""(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)"""
    r"|[ ]*//[^\n]*|[ ]*(?P<block>/\*.*?\*/)|(?P<indent>\n[ ]+)",
    re.DOTALL,
)


def slim_script(source: str) -> str:
    """Return a JavaScript without comments and indentation: it runs the same, with the same line numbers."""
    return _SCRIPT_PARTS.sub(_shorten_script, source)


def _shorten_script(match: re.Match[str]) -> str:
    if match["block"]:
        return "\n" * match["block"].count("\n") or " "
    return match["text"] or ("\n" if match["indent"] else "")


def slim(source: str) -> str:
    """Return a module's source, indented by four blanks, for the page: it runs the same, with the same line numbers, a third shorter."""
    data = source.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tree = ast.parse(source)
    for begin, end, new in sorted(_edits(tree, data, starts), reverse=True):
        data = data[:begin] + new + b"\n" * data.count(b"\n", begin, end) + data[end:]
    return _PARTS.sub(_shorten, data.decode())


def _edits(tree: ast.Module, data: bytes, starts: list[int]) -> Iterator[Edit]:
    def at(line: int, column: int) -> int:
        return starts[line - 1] + column

    def ends(node: ast.stmt | ast.expr | ast.arg) -> int:
        return at(node.end_lineno or 0, node.end_col_offset or 0)

    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, *_FUNCTIONS)) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            yield at(text.lineno, text.col_offset), ends(text), b"0" if len(node.body) == 1 else b""
        if isinstance(node, _FUNCTIONS):
            for arg in ast.walk(node.args):
                if isinstance(arg, ast.arg) and arg.annotation is not None:
                    yield at(arg.lineno, arg.col_offset) + len(arg.arg.encode()), ends(arg.annotation), b""
            if node.returns is not None:
                begin, end = at(node.returns.lineno, node.returns.col_offset), ends(node.returns)
                arrow = data.rindex(b"->", 0, begin)
                if b"\n" not in data[arrow:end]:  # its brackets hold the lines together
                    yield arrow, end, b""


def _shorten(match: re.Match[str]) -> str:
    return match["text"] or ("\n" + " " * (len(match["indent"]) // 4) if match["indent"] else "")
