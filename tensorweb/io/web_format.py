"""What all handlers of model.json share: reading it and its shards through an opener, and laying weights out in shards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import FormatError, message
from ..waiting import Waits
from . import jsons
from .artifacts import ModelArtifacts, get_model_artifacts_for_json_sync, parse_model_json, specs_of
from .buffers import CompositeArrayBuffer, cut
from .manifest import check_manifest, check_specs
from .shards import SHARD_BYTES, Opener, PieceStream, Source, collecting, reading_pieces, reading_source
from .weights import spans_of


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
    if stream_weights:
        artifacts = get_model_artifacts_for_json_sync(parsed, specs_of(parsed), b"")
        artifacts.weight_data = None
        artifacts.get_weight_stream = lambda: PieceStream(reading_pieces(groups, opener, on_progress))
        return artifacts
    data = yield from collecting(reading_pieces(groups, opener, on_progress))
    spans_of(CompositeArrayBuffer(data), [s for g in groups for s in g.specs])  # strings, whose sizes the specs do not tell
    return get_model_artifacts_for_json_sync(parsed, specs_of(parsed), data)


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
