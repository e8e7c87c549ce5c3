"""Folders of text files as datasets."""

from __future__ import annotations

from typing import Any

from ..data import TensorSpec
from ..tensor import Tensor, tensor
from .directories import Request, datasets_of


def text_dataset_from_directory(
    directory: Any, labels: Any = "inferred", label_mode: str | None = "int", class_names: Any = None, batch_size: int | None = 32,
    max_length: int | None = None, shuffle: bool = True, seed: Any = None, validation_split: float | None = None,
    subset: str | None = None, follow_links: bool = False, format: str = "tf", verbose: bool = True,
) -> Any:  # fmt: skip
    """Return the dataset of the `.txt` files in a directory, cut to `max_length` bytes; labels as in `image_dataset_from_directory`.

    Elements are string tensors [batch] or (texts, labels). Texts are UTF-8; what is not shows as the replacement character.
    """

    def load(path: str) -> Tensor:
        with open(path, "rb") as file:
            raw = file.read() if max_length is None else file.read(max_length)
        # A character that max_length cut through is left out.
        text = raw.decode("utf-8", "replace")
        return tensor(text.rstrip("\ufffd") if max_length is not None and len(raw) == max_length else text)

    request = Request(
        "text_dataset_from_directory", "text", (".txt",), directory, labels, label_mode, class_names, batch_size, shuffle, seed,
        validation_split, subset, follow_links, verbose, format,
    )  # fmt: skip
    return datasets_of(request, load, TensorSpec((), "string"))
