"""Single convolutions with the shapes of ResNet-50 and MobileNet, batch 1, padding "same", no bias."""

from .harness.case import Case

AGAINST = ("onnxruntime", "pytorch", "numpy")

# size of the image, channels in, size of the kernel, channels out (0: depthwise), stride
SHAPES = [
    (224, 3, 7, 64, 2),
    (56, 64, 1, 256, 1),
    (56, 64, 3, 64, 1),
    (28, 128, 3, 128, 1),
    (14, 256, 3, 256, 1),
    (7, 512, 3, 512, 1),
    (14, 1024, 1, 256, 1),
    (224, 3, 3, 32, 2),
    (112, 32, 3, 0, 1),
    (112, 64, 3, 0, 2),
    (14, 512, 3, 0, 1),
    (112, 32, 1, 64, 1),
    (14, 512, 1, 512, 1),
]


def case(size: int, channels: int, kernel: int, filters: int, stride: int) -> Case:
    """Return the case of one shape."""
    inputs = {"x": (1, size, size, channels)}
    inputs["w.kernel" if filters else "w.depthwise"] = (kernel, kernel, channels, filters or 1)
    kind = f"to {filters}" if filters else "depthwise"
    outputs = (size // stride) ** 2 * (filters or 1) * channels
    name = f"{kernel}x{kernel}/{stride} on {size}x{size}x{channels} {kind}"
    return Case(name, "conv", inputs, {"stride": stride}, flops=2 * outputs * kernel**2)


def cases(quick: bool) -> list[Case]:
    """Return a case for each shape."""
    return [case(*shape) for shape in (SHAPES[-4:-2] if quick else SHAPES)]
