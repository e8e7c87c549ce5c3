"""What all handlers of model.json share: reading it and its shards through an opener, and laying weights out in shards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..browser.services import PAGE
from ..errors import FormatError, OutOfMemoryError, message
from ..flags import flags
from ..waiting import Waits
from . import jsons
from .artifacts import ModelArtifacts, get_model_artifacts_for_json_sync, parse_model_json, specs_of
from .buffers import CompositeArrayBuffer, cut
from .manifest import WeightSpec, check_manifest, check_specs
from .shards import SHARD_BYTES, Opener, PieceStream, Source, collecting, reading_pieces, reading_source
from .weights import spans_of

# Its WebAssembly memories have 4 GB at most, which hold what is computed too.
PAGE_LIMIT_MB = 2048


def reading_json(source: Source, where: str) -> Waits[dict[str, Any]]:
    """Read and check model.json."""
    pieces = yield from collecting(reading_source(source, jsons.MAX_BYTES, where))
    return parse_model_json(b"".join(pieces), where)


def loading_parsed(
    parsed: dict[str, Any], opener: Opener, on_progress: Callable[[float], Any] | None, stream_weights: bool, free_paths: bool = False
) -> Waits[ModelArtifacts]:
    """Return the artifacts of a parsed model.json, whose shards `opener` opens, now or, with `stream_weights`, when they are read."""
    if parsed.get("weightsManifest") is None:
        return get_model_artifacts_for_json_sync(parsed)
    groups = check_manifest(parsed["weightsManifest"], free_paths)
    _check_room(spec for group in groups for spec in group.specs)
    if stream_weights:
        artifacts = get_model_artifacts_for_json_sync(parsed, specs_of(parsed), b"")
        artifacts.weight_data = None
        artifacts.get_weight_stream = lambda: PieceStream(reading_pieces(groups, opener, on_progress))
        return artifacts
    data = yield from collecting(reading_pieces(groups, opener, on_progress))
    spans_of(CompositeArrayBuffer(data), [s for g in groups for s in g.specs])  # strings, whose sizes the specs do not tell
    return get_model_artifacts_for_json_sync(parsed, specs_of(parsed), data)


def _check_room(specs: Iterable[WeightSpec]) -> None:
    """Raise OutOfMemoryError if the tensors of these specs take more than the flag WEIGHTS_LIMIT_MB allows."""
    limit = flags.get("WEIGHTS_LIMIT_MB") or (PAGE_LIMIT_MB if PAGE else 0)
    needed = sum(spec.tensor_bytes for spec in specs)
    if limit and needed > limit << 20:
        expected, got = f"weights of {limit} MB at most", f"{needed >> 20} MB"
        raise OutOfMemoryError(message("load", expected, got, "Choose a smaller model; the flag WEIGHTS_LIMIT_MB is the limit."))


def shards_of(artifacts: ModelArtifacts, size: int = SHARD_BYTES) -> list[memoryview] | None:
    """Return the bytes of each shard of a model that is to be saved, or None if it has no weights; FormatError if they do not fit."""
    if artifacts.weight_specs is None:
        if artifacts.weight_data is not None:
            raise FormatError(message("save", "weight_specs beside weight_data", "None", "tw.io.encode_weights returns both."))
        return None
    whole = artifacts.buffer()
    spans_of(whole, check_specs(artifacts.weight_specs))
    return cut(whole, size) or [memoryview(b"")]


def manifest_of(specs: Sequence[dict[str, Any]] | None, paths: list[str]) -> list[dict[str, Any]]:
    """Return the manifest of one group."""
    return [{"paths": paths, "weights": list(specs or [])}]
