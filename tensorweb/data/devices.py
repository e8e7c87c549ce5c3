"""Devices of the page as endless streams: webcam, microphone, accelerometer, location. How the page is asked is in `browser/services`."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import ops
from ..browser import from_pixels
from ..browser.services import Refused, ask, in_page, tell
from ..engine import upload
from ..errors import ArgumentError, DeviceError, message
from ..kernels.patterns import Spec
from ..tensor import Tensor

# What the DOM calls a reason: what was expected, and what helps.
_REASONS = {
    "NotAllowedError": ("permission to use it", "Allow it in the browser; some ask only after a click in the page."),
    "SecurityError": ("a page that may use it", "Serve the page by https, or from this machine."),
    "NotFoundError": ("one that is there", "Connect one, or use another machine."),
    "NotReadableError": ("one that is free", "Close the programs that use it."),
    "OverconstrainedError": ("one with these properties", "Ask for less."),
    "TimeoutError": ("an answer in time", "Try again, where there is a signal."),
}


class DeviceIterator(ABC):
    """What a device gives, on and on: `async for value in it`, or `await it.capture()`, until `it.stop()`.

    It stops by itself when it is dropped, when a `async with` block ends, and when the program does.
    """

    name: str
    kind: str
    advice: str

    def __init__(self, options: Mapping[str, Any]):
        self._options = dict(options)
        self._number: int | None = None

    async def start(self) -> None:
        """Switch the device on; the user may be asked for permission. Raises DeviceError where that fails, and outside a page."""
        in_page(self.name, self.advice)
        if self._number is None:
            told = await self._ask("open", self.kind, self._options)
            self._number = told.number
            self._started(told)

    def _started(self, told: Any) -> None:  # noqa: B027 - most have nothing to take
        """Take what the page tells of the device."""

    async def _ask(self, service: str, *given: Any) -> Any:
        try:
            return await ask(self.name, service, *given)
        except Refused as refused:
            expected, advice = _REASONS.get(refused.name, ("a device that works", "Try again."))
            raise DeviceError(message(self.name, expected, f"{refused.name}: {refused.text}", advice)) from None

    def _request(self) -> Any:
        """Return what the page must know for the next value."""
        return None

    @abstractmethod
    def _value(self, told: Any) -> Any:
        """Return the page's value as Python's."""

    async def capture(self) -> Any:
        """Return the next value, or None if the device is stopped."""
        if self._number is None:
            return None
        try:
            return self._value(await self._ask("next", self._number, self._request()))
        except DeviceError:
            if self._number is None:  # stopped meanwhile
                return None
            raise

    def __aiter__(self) -> DeviceIterator:
        return self

    async def __anext__(self) -> Any:
        value = await self.capture()
        if value is None:
            raise StopAsyncIteration
        return value

    def stop(self) -> None:
        """Switch the device off; `start` switches it on again."""
        if self._number is not None:
            number, self._number = self._number, None
            tell("close", number)

    async def __aenter__(self) -> DeviceIterator:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.stop()

    def __del__(self) -> None:
        self.stop()


# --- webcam -------------------------------------------------------------------------------------------------------------------


class WebcamIterator(DeviceIterator):
    """Pictures of a camera; `webcam` makes it."""

    name, kind, advice = "webcam", "camera", "Elsewhere, pass pictures of a camera library to tw.data.Dataset.from_generator."

    def __init__(self, options: Mapping[str, Any], size: tuple[int, int] | None, center_crop: bool):
        super().__init__(options)
        self._size, self._center_crop = size, center_crop

    def _value(self, told: Any) -> Tensor:
        picture = from_pixels(told)
        told.close()  # a bitmap is large, and JavaScript does not know when Python drops it
        if self._size is None:
            return picture
        box = _center(self._size, picture.shape) if self._center_crop else [0.0, 0.0, 1.0, 1.0]
        batch = ops.expand_dims(ops.cast(picture, "float32"), 0)
        return ops.image.crop_and_resize(batch, [box], [0], self._size)[0]


def _center(size: tuple[int, int], shape: tuple[int, ...]) -> list[float]:
    """Return the box of `size` in the middle of a picture, as parts of it."""
    parts = [wanted / whole for wanted, whole in zip(size, shape)]
    return [(1 - part) / 2 for part in parts] + [(1 + part) / 2 for part in parts]


async def webcam(
    video: Any = None, *, resize_width: int | None = None, resize_height: int | None = None, center_crop: bool = False,
    facing_mode: str = "user", device_id: str | None = None,
) -> WebcamIterator:  # fmt: skip
    """Switch a camera on and return the iterator of its pictures [height, width, 3] of 0 to 255. TensorFlow.js's data.webcam.

    They are int32 in the camera's size. With `resize_width` and `resize_height` they are float32 in that size: the whole picture, or with
    `center_crop` its middle, cut out. `video`: a video element of the page that shows what the camera sees, or its CSS selector (in a
    worker, only that); `facing_mode`: "user" or "environment"; `device_id`: as the page's `enumerateDevices` tells. Raises ArgumentError,
    and DeviceError where there is no camera, no permission or no page.

        camera = await tw.data.webcam(resize_width=224, resize_height=224)
        async for picture in camera:
            print(tw.argmax(model(picture[None] / 255.0)))
        camera.stop()
    """
    if (resize_width is None) != (resize_height is None) or (center_crop and resize_width is None):
        raise ArgumentError(message("webcam", "resize_width and resize_height", "one of them, or center_crop alone", "Pass both."))
    for side in (resize_width, resize_height):
        if side is not None and (not isinstance(side, int) or side < 1):
            raise ArgumentError(message("webcam", "sizes from 1", repr(side), "They are pixels."))
    if facing_mode not in ("user", "environment"):
        raise ArgumentError(message("webcam", "a facing_mode of user or environment", repr(facing_mode), "Correct it."))
    size = None if resize_width is None or resize_height is None else (resize_height, resize_width)
    options = {"video": video, "device": device_id, "facing": facing_mode, "width": resize_width, "height": resize_height}
    camera = WebcamIterator({k: v for k, v in options.items() if v is not None}, size, center_crop)
    await camera.start()
    return camera


# --- microphone ---------------------------------------------------------------------------------------------------------------


class MicrophoneIterator(DeviceIterator):
    """Spectrograms and waveforms of a microphone; `microphone` makes it."""

    name, kind, advice = "microphone", "microphone", "Elsewhere, read sound by an audio library and use tw.signal.stft."
    sample_rate_hz: float

    def __init__(self, options: Mapping[str, Any], request: Mapping[str, Any]):
        super().__init__(options)
        self._wanted = dict(request)

    def _started(self, told: Any) -> None:
        self.sample_rate_hz = told.rate
        wanted = self._options.get("rate")
        if wanted is not None and told.rate != wanted:
            self.stop()
            raise DeviceError(message("microphone", f"{wanted} samples a second", told.rate, "Leave sample_rate_hz out."))

    def _request(self) -> Any:
        return self._wanted

    def _value(self, told: Any) -> dict[str, Tensor]:
        frames, columns, size = self._wanted["frames"], self._wanted["columns"], self._options["size"]
        shapes = {"spectrogram": (frames, columns, 1), "waveform": (frames * size, 1)}
        wanted = [name for name in shapes if self._wanted[name]]
        return {name: upload(getattr(told, name).to_memoryview(), Spec(shapes[name], "float32")) for name in wanted}


async def microphone(
    *, fft_size: int = 1024, column_truncate_length: int | None = None, num_frames_per_spectrogram: int = 43,
    sample_rate_hz: int | None = None, include_spectrogram: bool = True, include_waveform: bool = False,
    smoothing_time_constant: float = 0.0, audio_track_constraints: Mapping[str, Any] | None = None,
) -> MicrophoneIterator:  # fmt: skip
    """Switch a microphone on and return the iterator of what it hears. TensorFlow.js's data.microphone.

    Each element is a dict of float32 tensors, as far as they are included: "spectrogram" [num_frames_per_spectrogram,
    column_truncate_length, 1] in decibels (silence is minus infinity), and "waveform" [num_frames_per_spectrogram * fft_size, 1] from -1
    to 1. `fft_size`: a power of 2 from 16 to 16384, the number of frequencies, of which the first `column_truncate_length` are kept;
    `sample_rate_hz`: by default the device's own, which the iterator tells under that name; `smoothing_time_constant`: from 0 to 1, how
    much of the frame before stays; `audio_track_constraints`: as the page's `getUserMedia` takes them. Raises ArgumentError, and
    DeviceError where there is no microphone, no permission or no page.

        ears = await tw.data.microphone(fft_size=512, column_truncate_length=232)
        heard = await ears.capture()
        print(heard["spectrogram"].shape)
        ears.stop()
    """
    if not isinstance(fft_size, int) or not 16 <= fft_size <= 16384 or fft_size & (fft_size - 1):
        raise ArgumentError(message("microphone", "an fft_size of a power of 2 from 16 to 16384", repr(fft_size), "Take 1024."))
    columns = fft_size if column_truncate_length is None else column_truncate_length
    for name, value, most in (
        ("column_truncate_length", columns, fft_size),
        ("num_frames_per_spectrogram", num_frames_per_spectrogram, 2**31 // fft_size),
    ):
        if not isinstance(value, int) or not 1 <= value <= most:
            raise ArgumentError(message("microphone", f"{name} from 1 to {most}", repr(value), "Correct it."))
    if not include_spectrogram and not include_waveform:
        raise ArgumentError(message("microphone", "include_spectrogram or include_waveform", "neither", "Ask for one or both."))
    if not 0 <= smoothing_time_constant <= 1:
        raise ArgumentError(message("microphone", "smoothing from 0 to 1", smoothing_time_constant, "Correct it."))
    options = {"size": fft_size, "smoothing": smoothing_time_constant, "rate": sample_rate_hz, "constraints": audio_track_constraints}
    request = {"frames": num_frames_per_spectrogram, "columns": columns}
    request |= {"spectrogram": bool(include_spectrogram), "waveform": bool(include_waveform)}
    ears = MicrophoneIterator({k: v for k, v in options.items() if v is not None}, request)
    await ears.start()
    return ears


# --- sensors ------------------------------------------------------------------------------------------------------------------


class AccelerometerIterator(DeviceIterator):
    """Accelerations; `accelerometer` makes it."""

    name, kind, advice = "accelerometer", "motion", "It is there on telephones and tablets."

    def __init__(self, include_gravity: bool):
        super().__init__({})
        self._first = 0 if include_gravity else 3

    def _value(self, told: Any) -> Tensor:
        return upload(told.to_memoryview()[self._first : self._first + 3], Spec((3,), "float32"))


async def accelerometer(include_gravity: bool = True) -> AccelerometerIterator:
    """Return the iterator of a telephone's acceleration: float32 tensors [x, y, z] in m/s², along its width, height and depth.

    An element is the latest measurement; the next one waits until the device has measured again. Without gravity, what it cannot tell is
    NaN. Raises DeviceError where there is no accelerometer (at the first element), no permission or no page.

        async for acceleration in await tw.data.accelerometer():
            print(float(tw.sqrt(tw.sum(acceleration**2))))
    """
    sensor = AccelerometerIterator(include_gravity)
    await sensor.start()
    return sensor


class Position(NamedTuple):
    """A place on Earth: degrees, metres, metres a second; `time` in seconds since 1970. What the device cannot tell is None."""

    latitude: float
    longitude: float
    accuracy: float
    altitude: float | None
    altitude_accuracy: float | None
    heading: float | None
    speed: float | None
    time: float


class LocationIterator(DeviceIterator):
    """Positions; `location` makes it."""

    name, kind, advice = "location", "location", "Elsewhere, ask the system's location service."

    def _value(self, told: Any) -> Position:
        values: list[Any] = [None if math.isnan(v) else v for v in told.to_py()]
        return Position(*values)


async def location(high_accuracy: bool = False, timeout: float | None = None) -> LocationIterator:
    """Return the iterator of where the page's user is: a Position whenever it changes, in floats of 64 bits, which tensors would round.

    `high_accuracy`: by satellite, if there is a receiver; `timeout`: seconds that the next position may take. Raises DeviceError where the
    position cannot be had, without permission (both at the first element), and without a page.

        async for here in await tw.data.location():
            print(here.latitude, here.longitude)
    """
    if timeout is not None and not timeout > 0:
        raise ArgumentError(message("location", "a timeout above 0", timeout, "It is in seconds."))
    sensor = LocationIterator({"enableHighAccuracy": high_accuracy, **({} if timeout is None else {"timeout": timeout * 1000})})
    await sensor.start()
    return sensor
