"""Tensors from pictures, and pictures from tensors: what the page draws, and on CPython what PIL and NumPy hold.

In a worker there is no page: pictures come there as ImageBitmap, ImageData, OffscreenCanvas or VideoFrame, files as Blobs.
"""

from __future__ import annotations

from typing import Any

from .. import dtypes, ops
from ..engine import upload
from ..errors import ArgumentError, ConversionError, DTypeError, ShapeError, message
from ..kernels.patterns import Spec
from ..tensor import Tensor, as_tensor, tensor
from ..waiting import Read, Waits, wait, wait_async
from .services import PAGE, to_page

# Where JavaScript's pictures have their size in pixels.
_SIZES = (("videoWidth", "videoHeight"), ("displayWidth", "displayHeight"), ("width", "height"))
MAX_PIXELS = 2**28


# --- pictures to tensors ------------------------------------------------------------------------------------------------------


def from_pixels(pixels: Any, num_channels: int = 3) -> Tensor:
    """Return a picture as an int32 tensor [height, width, num_channels] of 0 to 255. TensorFlow.js's browser.fromPixels.

    `pixels` in the page: a canvas, an image, a video, ImageData, ImageBitmap, VideoFrame; everywhere: a PIL image, an array or tensor of
    integers [height, width] or [height, width, 1, 3 or 4], or {"data", "width", "height"} with the bytes of RGBA. `num_channels`: how
    many of red, green, blue, alpha, from the first. Raises ConversionError, ShapeError, DTypeError; ArgumentError for numbers beyond 255
    and pictures without pixels, such as a video that has not begun.

    >>> import tensorweb as tw
    >>> tw.browser.from_pixels({"data": bytes([10, 20, 30, 255, 40, 50, 60, 255]), "width": 2, "height": 1}).tolist()
    [[[10, 20, 30], [40, 50, 60]]]
    """
    if not isinstance(num_channels, int) or not 1 <= num_channels <= 4:
        raise ArgumentError(message("from_pixels", "1 to 4 channels", repr(num_channels), "A picture has red, green, blue, alpha."))
    made = _whole(pixels)
    return made if made.shape[2] == num_channels else made[:, :, :num_channels]


async def from_pixels_async(pixels: Any, num_channels: int = 3) -> Tensor:
    """Return what `from_pixels` returns, also of a Blob or File of the page that holds a picture. TensorFlow.js's browser.fromPixelsAsync.

    >>> import asyncio, tensorweb as tw
    >>> asyncio.run(tw.browser.from_pixels_async({"data": b"abcd", "width": 1, "height": 1}, 4)).tolist()
    [[[97, 98, 99, 100]]]
    """
    if _is_proxy(pixels) and hasattr(pixels, "arrayBuffer"):
        pixels = await _decoded(pixels)
    return from_pixels(pixels, num_channels)


def _whole(pixels: Any) -> Tensor:
    """Return any picture as int32 [height, width, 4]."""
    if hasattr(pixels, "convert") and hasattr(pixels, "tobytes"):  # a PIL image
        return _of_bytes(pixels.convert("RGBA").tobytes(), *pixels.size)
    part = pixels.get if isinstance(pixels, dict) else lambda name: getattr(pixels, name, None)
    if part("data") is not None and part("width") is not None and not isinstance(pixels, Tensor):
        return _of_bytes(part("data"), part("width"), part("height"))
    return _of_element(pixels) if _is_proxy(pixels) else _of_array(pixels)


def _of_bytes(data: Any, width: Any, height: Any) -> Tensor:
    if not all(type(n) is int and n >= 0 for n in (width, height)) or width * height > MAX_PIXELS:
        raise ArgumentError(message("from_pixels", f"a size of up to {MAX_PIXELS} pixels", f"{width} x {height}", "Correct it."))
    if not width * height:
        raise ArgumentError(message("from_pixels", "a picture with pixels", f"{width} x {height}", "Wait until it is loaded."))
    shape = (height, width, 4)
    if _is_proxy(data):
        words, count = _words(data), data.length
    else:
        try:
            words, count = memoryview(data).cast("B"), len(memoryview(data).cast("B"))
        except TypeError:
            raise ConversionError(message("from_pixels", "the bytes of RGBA as `data`", type(data).__name__, "Pass bytes.")) from None
    if count != 4 * width * height:
        raise ShapeError(message("from_pixels", f"{4 * width * height} bytes for {width} x {height} pixels", count, "They are RGBA."))
    return upload(words, Spec(shape, "int32")) if _is_proxy(data) else ops.cast(upload(words, Spec(shape, "uint8")), "int32")


def _of_array(pixels: Any) -> Tensor:
    made = as_tensor(pixels, "from_pixels")
    depth = made.shape[2] if len(made.shape) == 3 else 1
    if len(made.shape) not in (2, 3) or depth not in (1, 3, 4) or not made.size:
        shapes = "[height, width] or [height, width, 1, 3 or 4], not empty"
        raise ShapeError(message("from_pixels", shapes, f"shape {made.shape}", "Take one picture of a batch."))
    if dtypes.kind(made.dtype) != "i":
        raise DTypeError(message("from_pixels", "integers from 0 to 255", made.dtype, "Scale and cast it."))
    if bool(_is_wrong(made)):
        raise _out_of_range(made, made.data_sync(), "from_pixels")
    made = ops.cast(ops.reshape(made, (*made.shape[:2], depth)), "int32")
    if depth == 1:
        made = ops.concatenate([made] * 3, 2)
    return made if depth == 4 else ops.concatenate([made, ops.full((*made.shape[:2], 1), 255, "int32")], 2)


# --- pictures of the page -----------------------------------------------------------------------------------------------------


def _is_proxy(value: Any) -> bool:
    """Tell an object of JavaScript's."""
    if not PAGE:
        return False
    from pyodide.ffi import JsProxy

    return isinstance(value, JsProxy)


def _words(data: Any) -> memoryview:
    import js

    return js.Int32Array.new(data).to_memoryview()


def _of_element(element: Any) -> Tensor:
    """Return what a canvas, image, video or bitmap shows."""
    import js
    from pyodide.ffi import JsException

    names = next((names for names in _SIZES if all(hasattr(element, n) for n in names)), None)
    if names is None:
        expected = "a canvas, an image, a video, ImageData, ImageBitmap or VideoFrame"
        raise ConversionError(message("from_pixels", expected, element.constructor.name, "Draw it on a canvas."))
    width, height = (int(getattr(element, n)) for n in names)
    if not width * height or width * height > MAX_PIXELS:
        return _of_bytes(b"", width, height)
    try:
        context = element.getContext("2d") if hasattr(element, "getContext") else None
        if not context:  # no canvas, or one of WebGL or WebGPU
            context = js.OffscreenCanvas.new(width, height).getContext("2d", to_page({"willReadFrequently": True}))
            context.drawImage(element, 0, 0, width, height)
        return _of_bytes(context.getImageData(0, 0, width, height).data, width, height)
    except JsException as error:
        advice = "Pictures of other servers are readable only if they allow it."
        raise ArgumentError(message("from_pixels", "a picture that can be read", str(error), advice)) from None


async def _decoded(blob: Any) -> Any:
    import js
    from pyodide.ffi import JsException

    try:
        return await js.createImageBitmap(blob, to_page({"premultiplyAlpha": "none"}))
    except JsException as error:
        advice = "Browsers read PNG, JPEG, WebP, GIF and AVIF."
        raise ArgumentError(message("from_pixels_async", "a picture", f"{blob.type or 'a file'}: {error}", advice)) from None


# --- tensors to pictures ------------------------------------------------------------------------------------------------------


def to_pixels(image: Any, canvas: Any = None) -> bytes:
    """Return a tensor as the bytes of a picture: red, green, blue, alpha of each pixel, row by row. TensorFlow.js's browser.toPixels.

    `image`: [height, width] or [height, width, 1] (grey), [height, width, 3] or [height, width, 4], of floats from 0 to 1 or int32 or uint8
    from 0 to 255; NaN is drawn as 0. `canvas`: one of the page, which gets the picture and its size. Raises ShapeError, DTypeError,
    ArgumentError for values out of range.

    >>> import tensorweb as tw
    >>> list(tw.browser.to_pixels([[0.0, 1.0]]))
    [0, 0, 0, 255, 255, 255, 255, 255]
    """
    return wait(_drawing(image, canvas, 1.0, "to_pixels"))


async def to_pixels_async(image: Any, canvas: Any = None) -> bytes:
    """Return what `to_pixels` returns, without blocking the event loop."""
    return await wait_async(_drawing(image, canvas, 1.0, "to_pixels"))


def draw(image: Any, canvas: Any, alpha: float = 1.0) -> None:
    """Draw a tensor on a canvas of the page, as `to_pixels` does; `alpha` is that of pictures without one. TensorFlow.js's browser.draw."""
    wait(_drawing(image, _canvas(canvas, "draw"), alpha, "draw"))


async def draw_async(image: Any, canvas: Any, alpha: float = 1.0) -> None:
    """Draw a tensor on a canvas without blocking the event loop."""
    await wait_async(_drawing(image, _canvas(canvas, "draw"), alpha, "draw"))


def _drawing(image: Any, canvas: Any, alpha: float, where: str) -> Waits[bytes]:
    picture = _picture(image, where)
    if not 0 <= alpha <= 1:
        raise ArgumentError(message(where, "an alpha from 0 to 1", alpha, "0 is invisible."))
    told = yield Read(_levels(picture, alpha))
    content = bytes(told[:-1])
    if told[-1]:
        raise _out_of_range(picture, (yield Read(picture)), where)
    if canvas is not None:
        _put(_canvas(canvas, where), content, picture.shape[1], picture.shape[0])
    return content


def _picture(image: Any, where: str) -> Tensor:
    picture = tensor(image)
    depth = picture.shape[2] if len(picture.shape) == 3 else 1
    if len(picture.shape) not in (2, 3) or depth not in (1, 3, 4):
        shapes = "[height, width] or [height, width, 1, 3 or 4]"
        raise ShapeError(message(where, shapes, f"shape {picture.shape}", "Take one picture of a batch."))
    if picture.dtype not in ("float32", "float16", "int32", "uint8"):
        raise DTypeError(message(where, "float32, float16, int32 or uint8", picture.dtype, "Cast it."))
    return ops.reshape(picture, (*picture.shape[:2], depth))


def _is_wrong(picture: Tensor) -> Tensor:
    return ops.any(ops.logical_or(picture < 0, picture > _top(picture)))  # NaN is neither


def _top(picture: Tensor) -> float:
    return 1.0 if dtypes.is_float(picture.dtype) else 255


def _levels(picture: Tensor, alpha: float) -> Tensor:
    """Return the bytes of a picture [height, width, depth], and behind them whether a value is out of range: one readback is enough."""
    levels = picture
    if dtypes.is_float(picture.dtype):
        levels = ops.floor(ops.cast(picture, "float32") * 255.0 + 0.5)
    parts = [ops.cast(levels, "uint8")]
    if picture.shape[2] == 1:
        parts *= 3
    if picture.shape[2] != 4:
        parts.append(ops.full((*picture.shape[:2], 1), int(255 * alpha + 0.5), "uint8"))
    return ops.concatenate([ops.reshape(ops.concatenate(parts, 2), (-1,)), ops.reshape(ops.cast(_is_wrong(picture), "uint8"), (1,))])


def _out_of_range(picture: Tensor, values: Any, where: str) -> ArgumentError:
    top = _top(picture)
    value = next(v for v in values if v < 0 or v > top)
    return ArgumentError(message(where, f"{picture.dtype} values from 0 to {top:g}", value, "Scale or clip them."))


def _canvas(canvas: Any, where: str) -> Any:
    if not _is_proxy(canvas) or not hasattr(canvas, "getContext"):
        raise ConversionError(message(where, "a canvas of the page", type(canvas).__name__, "Elsewhere, take the bytes of to_pixels."))
    return canvas


def _put(canvas: Any, content: bytes, width: int, height: int) -> None:
    import js
    from pyodide.ffi import JsException

    try:
        canvas.width, canvas.height = width, height
        data = js.ImageData.new(js.Uint8ClampedArray.new(to_page(content).buffer), width, height)
        canvas.getContext("2d").putImageData(data, 0, 0)
    except (JsException, AttributeError) as error:
        advice = "Pass one that nothing else draws on, and a picture with pixels."
        raise ArgumentError(message("to_pixels", "a canvas for 2d", str(error), advice)) from None
