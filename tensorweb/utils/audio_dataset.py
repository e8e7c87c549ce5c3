"""Folders of WAV files as datasets, and the change of their sampling rate."""

from __future__ import annotations

import math
from array import array
from functools import lru_cache
from typing import Any

from ..data import Dataset, TensorSpec
from ..errors import ArgumentError, message
from ..tensor import Tensor, op, tensor
from .directories import Request, datasets_of

_WHERE = "audio_dataset_from_directory"


def audio_dataset_from_directory(
    directory: Any, labels: Any = "inferred", label_mode: str | None = "int", class_names: Any = None, batch_size: int | None = 32,
    sampling_rate: int | None = None, output_sequence_length: int | None = None, ragged: bool = False, shuffle: bool = True,
    seed: Any = None, validation_split: float | None = None, subset: str | None = None, follow_links: bool = False,
    verbose: bool = True,
) -> Any:  # fmt: skip
    """Return the dataset of the `.wav` files in a directory; labels as in `image_dataset_from_directory`.

    Elements are float32 audio [batch, samples, channels] from -1 to 1, or (audio, labels). Files are cut or padded with zeros to
    `output_sequence_length`; without it, to the longest of a batch. `sampling_rate` resamples. `ragged=True` raises ArgumentError:
    tensors are dense.
    """
    if ragged:
        raise ArgumentError(message(_WHERE, "ragged=False", "True", "Tensors are dense: use batch_size=None, or let batches be padded."))
    if sampling_rate is not None and (isinstance(sampling_rate, bool) or not isinstance(sampling_rate, int) or sampling_rate <= 0):
        raise ArgumentError(message(_WHERE, "a sampling_rate that is a positive integer", repr(sampling_rate), "It is in Hertz."))

    def load(path: str) -> Tensor:
        audio, rate = read_wav(path)
        if output_sequence_length is not None:  # before resampling, as in Keras
            missing = output_sequence_length - audio.shape[0]
            audio = audio[:output_sequence_length] if missing <= 0 else op("pad")(audio, [(0, missing), (0, 0)])
        return audio if sampling_rate is None else resampled(audio, rate, sampling_rate)

    request = Request(
        _WHERE, "audio", (".wav",), directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset,
        follow_links, verbose,
    )  # fmt: skip
    length = output_sequence_length if sampling_rate is None else None
    batch = Dataset.padded_batch if output_sequence_length is None else Dataset.batch
    found = datasets_of(request, load, TensorSpec((length, None), "float32"), batch)
    return tuple(found) if isinstance(found, list) else found


def read_wav(path: str) -> tuple[Tensor, int]:
    """Return the samples of a PCM file, float32 [samples, channels] from -1 to 1, and its rate."""
    import wave

    try:
        with wave.open(path, "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ArgumentError(message(_WHERE, "a PCM WAV file", f"{path}: {error}", "Convert it to 16-bit PCM.")) from None
    raw = raw[: len(raw) // (width * channels) * width * channels]
    if width == 1:
        samples = (tensor(memoryview(raw)) + 0.0 - 128.0) / 128.0
    elif width == 3:  # as the upper bytes of 32 bits
        samples = tensor(_integers(b"".join(b"\0" + raw[i : i + 3] for i in range(0, len(raw), 3)), "i")) / 2.0**31
    else:
        samples = tensor(_integers(raw, "h" if width == 2 else "i")) / 2.0 ** (8 * width - 1)
    return op("reshape")(op("cast")(samples, "float32"), (-1, channels)), rate


def _integers(raw: bytes, code: str) -> array:
    import sys

    values = array(code, raw)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def resampled(audio: Tensor, rate: int, wanted: int) -> Tensor:
    """Return audio [samples, channels] in another rate, by a sinc under a Hann window that keeps what both rates can carry."""
    common = math.gcd(rate, wanted)
    old, new = rate // common, wanted // common
    if old == new:
        return audio
    kernel, width = _kernel(old, new)
    n, channels = audio.shape
    x = op("pad")(op("expand_dims")(op("transpose")(audio), -1), [(0, 0), (width, width + old), (0, 0)])
    y = op("conv")(x, kernel, strides=old, padding="valid")
    return op("transpose")(op("reshape")(y, (channels, -1))[:, : math.ceil(new * n / old)])


@lru_cache(maxsize=8)
def _kernel(old: int, new: int, crossings: int = 6) -> tuple[Tensor, int]:
    """Return the filters [taps, 1, new] of the `new` places among `old` samples, and how far they reach to the left."""
    cutoff = min(old, new) * 0.99
    width = math.ceil(crossings * old / cutoff)
    taps = []
    for k in range(-width, width + old):
        row = []
        for i in range(new):
            t = max(-crossings, min(crossings, (k / old - i / new) * cutoff))
            sinc = math.sin(math.pi * t) / (math.pi * t) if t else 1.0
            row.append(sinc * math.cos(math.pi * t / crossings / 2) ** 2 * cutoff / old)
        taps.append([row])
    return tensor(taps), width
