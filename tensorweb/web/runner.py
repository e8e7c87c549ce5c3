"""Runs scripts in the page: in a fresh `__main__`, with top-level await, stoppable; errors are told with the user's own lines.

It knows nothing of browsers: the page calls `Runner`, and so can a test on CPython.
"""

from __future__ import annotations

import ast
import asyncio
import json
import linecache
import sys
import time
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

from .. import engine
from ..backends import registry
from ..flags import flags
from ..profiler import enable_debug_mode


class Runner:
    """Runs one script at a time; `folder` is where the script and its files lie, `ask_again` sends the signal of an interrupt again."""

    def __init__(self, folder: str, ask_again: Callable[[], None]):
        self.folder, self._ask_again = str(Path(folder)), ask_again
        self._task: asyncio.Task[None] | None = None
        self._defaults = flags.as_dict()
        sys.path.insert(0, self.folder)

    async def run(self, source: str, name: str, backend: str = "", url_flags: str = "") -> str:
        """Run a script and return a JSON object: ok, stopped, error, line (of the user's, where it failed), backend, seconds."""
        path, began = f"{self.folder}/{name}", time.perf_counter()
        told: dict[str, Any] = {"ok": False, "stopped": False, "error": "", "line": None}
        self._task = asyncio.ensure_future(self._watched(source, path, backend, url_flags, told))
        try:
            await self._task
        except asyncio.CancelledError:
            told["stopped"] = True
        self._task = None
        for task in asyncio.all_tasks() - {asyncio.current_task()}:  # what it started and did not wait for, as asyncio.run does
            task.cancel()
        sys.stdout.flush()
        sys.stderr.flush()
        told["backend"] = registry._current.name if registry._current is not None else None
        return json.dumps(told | {"seconds": time.perf_counter() - began})

    def stop(self) -> bool:
        """Stop the script where it awaits; tell whether it is in the middle of a computation instead, which an interrupt stops."""
        if self._task is None:
            return False
        computing = bool(getattr(self._task.get_coro(), "cr_running", False))
        if not computing:
            self._task.cancel()
        return computing

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handle the signal: raise KeyboardInterrupt in the script or in what it calls, but not where that would be lost.

        The event loop runs Python of its own while the script waits for a GPU, and what finalizers raise is ignored.
        """
        if self._task is None or self._task.cancelling():
            return
        frames = []
        while frame is not None:
            frames.append(frame.f_code)
            frame = frame.f_back
        finalizes = any(code.co_name == "__del__" or code.co_filename == weakref.__file__ for code in frames)
        if not finalizes and any(code.co_filename.startswith(f"{self.folder}/") for code in frames):
            raise KeyboardInterrupt
        self._ask_again()

    async def _watched(self, source: str, path: str, backend: str, url_flags: str, told: dict[str, Any]) -> None:
        """Run, and note in `told` how it ended. Nothing may leave the task that would end the page's event loop."""
        try:
            await self._run(source, path, backend, url_flags)
            told["ok"] = True
        except (KeyboardInterrupt, asyncio.CancelledError):
            told["stopped"] = True
        except SystemExit as end:
            told["ok"] = end.code in (None, 0)
            told["error"] = "" if told["ok"] else f"SystemExit: {end.code}"
        except BaseException as error:
            told["error"], told["line"] = self.explain(error, path)

    async def _run(self, source: str, path: str, backend: str, url_flags: str) -> None:
        for name, value in self._defaults.items():
            flags.set(name, value)
        flags.set_from_url(url_flags)
        if flags.get("DEBUG") or engine.debug_observer:
            enable_debug_mode(flags.get("DEBUG"))
        registry.forget_choice()  # a script before this one may have chosen
        await registry.ready(backend)
        linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
        main = ModuleType("__main__")
        main.__file__ = path
        sys.modules["__main__"], sys.argv = main, [path]
        code: CodeType = compile(source, path, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        waiting = eval(code, main.__dict__)
        if waiting is not None:
            await waiting

    def explain(self, error: BaseException, path: str) -> tuple[str, int | None]:
        """Return the traceback with the user's frames only, and the line of the script that it comes from, if any."""
        whole = traceback.TracebackException.from_exception(error)
        lines = [frame.lineno for frame in whole.stack if frame.filename == path]
        if isinstance(error, SyntaxError) and error.filename == path:
            lines.append(error.lineno)
        self._cut(whole)
        return "".join(whole.format()), lines[-1] if lines else None

    def _cut(self, told: traceback.TracebackException | None) -> None:
        if told is not None:
            inside = [frame for frame in told.stack if frame.filename.startswith(self.folder + "/")]
            told.stack = traceback.StackSummary.from_list(inside)
            self._cut(told.__cause__)
            self._cut(told.__context__)
