"""Small folders of images, texts and sounds, made alike by the generator of stored answers and by the tests."""

import wave
from array import array
from pathlib import Path

MODES = {"L": 1, "RGB": 3, "RGBA": 4}


def pixels(height, width, channels, seed=0):
    """Return the bytes of a picture."""
    return bytes(
        (seed * 31 + y * 7 + x * 13 + c * 29 + y * x) % 256 for y in range(height) for x in range(width) for c in range(channels)
    )  # fmt: skip


def make_images(folder):
    """Write ten images in two folders (one within another), of several sizes and modes, and files that are no images."""
    from PIL import Image

    places = ["a/0.png", "a/2.png", "a/10.png", "a/deep/1.png", "b/3.png", "b/5.PNG", "b/4.png", "b/7.png", "b/6.png", "b/8.png"]
    for i, place in enumerate(places):
        mode = ["RGB", "RGB", "L", "RGB", "RGBA"][i % 5]
        size = (4 + i % 3, 6 - i % 4)
        path = Path(folder, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.frombytes(mode, size, pixels(size[1], size[0], MODES[mode], i)).save(path)
    Path(folder, "b/notes.txt").write_text("no image")
    Path(folder, ".hidden").mkdir(exist_ok=True)
    return folder


def make_texts(folder):
    """Write six texts in three folders."""
    for i, place in enumerate(["x/1.txt", "x/2.txt", "y/1.txt", "y/a.txt", "y/b.txt", "z/9.txt"]):
        path = Path(folder, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"text {i} " + "word " * i)
    return folder


def make_sounds(folder):
    """Write four 16-bit WAV files in two folders, of different lengths."""
    for i, place in enumerate(["high/1.wav", "high/2.wav", "low/1.wav", "low/2.wav"]):
        path = Path(folder, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(array("h", [(j * 977 * (i + 1)) % 65536 - 32768 for j in range(5 + 3 * i)]).tobytes())
    return folder
