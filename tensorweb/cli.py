"""The command line: `serve` opens a page on this machine, `build` writes one for any host, `convert` and `info` read models of others."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import TensorWebError

if TYPE_CHECKING:
    from .web.site import Content


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return 0, or 1 after a line that says what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (TensorWebError, OSError) as error:
        print(f"tensorweb: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tensorweb", description="Machine learning in Python, in a page.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run a script in a page on this machine; without a script, a playground")
    serve.add_argument("script", nargs="?", type=Path, help="a Python program, or an HTML page that loads Pyodide itself")
    serve.add_argument("--port", type=int, default=8765, help="0: any that is free (default: 8765)")
    serve.add_argument("--open", action="store_true", help="open it in the browser")
    serve.set_defaults(run=_serve)
    build = commands.add_parser("build", help="write the same as a folder for any host")
    build.add_argument("script", type=Path)
    build.add_argument("out", type=Path, metavar="OUT")
    build.set_defaults(run=_build)
    _add_convert(commands)
    for command in (serve, build):
        command.add_argument("--pyodide", metavar="FOLDER|URL", help="where Pyodide is (default: node_modules/pyodide here or above)")
        told = "more files beside the script (for the playground: in this folder), opened by names that it computes"
        command.add_argument("--files", action="append", default=[], metavar="PATTERN", help=told)
    return parser


def _add_convert(commands: Any) -> None:
    convert = commands.add_parser("convert", help="write a model of another library as TensorFlow.js's, or as ONNX")
    told = "a SavedModel's folder, .pb, .onnx, .tflite, .keras, .h5, model.json, or .safetensors beside a Keras model's config.json"
    convert.add_argument("source", help=told)
    convert.add_argument("out", metavar="OUT", help="a folder; for graphs also a path that ends in .onnx")
    convert.add_argument("--signature", help="of a SavedModel or TFLite file")
    for part in ("inputs", "outputs"):
        convert.add_argument(f"--{part}", type=lambda names: names.split(","), help=f"a frozen graph's {part}: names with commas between")
    for dtype in ("uint8", "uint16", "float16"):
        told = f"store weights whose names match as {dtype}; without patterns, all"
        convert.add_argument(f"--{dtype}", metavar="PATTERN", nargs="*", help=told)
    convert.add_argument("--check", action="store_true", help="run both on the same random inputs, and compare")
    convert.add_argument("--as-is", action="store_true", help="fold and fuse nothing")
    convert.set_defaults(run=_convert)
    info = commands.add_parser("info", help="tell what a model file is: format, inputs, outputs, ops, weights")
    info.add_argument("file")
    info.set_defaults(run=_info)


def _convert(options: argparse.Namespace) -> int:
    from .convert import convert
    from .utils import Progbar

    given: Any = {dtype: getattr(options, dtype) for dtype in ("uint8", "uint16", "float16") if getattr(options, dtype) is not None}
    if list(given.values()) == [[]]:  # one dtype for all
        given = next(iter(given))
    elif given:
        given = {dtype: patterns or True for dtype, patterns in given.items()}
    bar = Progbar(100)

    def on_progress(stage: str, fraction: float) -> None:
        bar.update(int(100 * fraction), [], finalize=fraction >= 1)

    report = convert(
        options.source, options.out, signature=options.signature, inputs=options.inputs, outputs=options.outputs,
        quantization=given or None, optimized=not options.as_is, check=options.check, on_progress=on_progress,
    )  # fmt: skip
    print(report)
    return 0


def _info(options: argparse.Namespace) -> int:
    from .convert import info

    print(info(options.file))
    return 0


def _site(options: argparse.Namespace) -> tuple[dict[str, Content], Path | str]:
    from .web import pyodide_files, site, wheel

    pyodide = pyodide_files.find(options.pyodide)
    made = site.make(options.script, pyodide, tuple(options.files))
    sizes = [len(wheel.make(part)) for part in wheel.PARTS]
    print("wheel: {:,} bytes, Keras's houses {:,} more, graph models {:,} more; Pyodide from {}".format(*sizes, pyodide))
    return made, pyodide


def _serve(options: argparse.Namespace) -> int:
    import webbrowser

    from .web.server import Server

    site, pyodide = _site(options)
    with Server(site, options.port, pyodide) as server:
        print(f"{options.script or 'playground'}: {server.url}   (Ctrl-C ends)", flush=True)
        if options.open:
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


def _build(options: argparse.Namespace) -> int:
    from .web.build import build

    site, _ = _site(options)
    total = build(site, options.out)
    print(f"{options.out}: {len(site)} files, {total:,} bytes; yours among them: {', '.join(_own(site))}")
    return 0


def _own(site: dict[str, Content]) -> list[str]:
    """Return the files of the user's folder in a site: what is published with it."""
    from .web.site import PAGE

    files = {path: entry for path, entry in site.items() if isinstance(entry, Path) and not path.startswith("pyodide/")}
    return sorted(path.removeprefix("files/") or entry.name for path, entry in files.items() if entry.parent != PAGE)
