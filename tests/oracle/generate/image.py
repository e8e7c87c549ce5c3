"""Oracle cases of images: colours, places, filters, crops and boxes. Resizing and warps: `image_resize.py`, `image_transform.py`."""

from .common import Cases, keras, np, tf, values

cases = Cases("image")
unit = {"low": 0.0, "high": 1.0}

# --- colours ---

for shape in ((2, 3, 3), (1, 2, 2, 3), (2, 3, 1)):
    cases.add("image.rgb_to_grayscale", values(*shape))
cases.add("image.rgb_to_grayscale", values(2, 3, 2, 2), data_format="channels_first")
cases.add("image.rgb_to_grayscale", values(3, 2, 2), data_format="channels_first")
for dtype in ("uint8", "int32"):
    cases.add("image.rgb_to_grayscale", values(2, 2, 3, low=0, high=255, dtype=dtype), gradient=0)
for shape in ((2, 3), (1, 2, 1, 2, 3), (1, 1, 2, 1, 2, 3)):
    cases.add("image.rgb_to_grayscale", values(*shape), reference=tf.image.rgb_to_grayscale)
for shape in ((2, 1), (2, 3, 1), (1, 2, 2, 1), (1, 1, 2, 2, 1), (1, 1, 1, 2, 1, 1)):
    cases.add("image.grayscale_to_rgb", values(*shape), reference=tf.image.grayscale_to_rgb)
cases.add("image.grayscale_to_rgb", values(2, 2, 1, low=0, high=255, dtype="uint8"), reference=tf.image.grayscale_to_rgb)
edge = np.array([[[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]]], "float32")


def sextants(h, s, v):
    """The textbook's form: which sixth of the circle a hue lies in."""
    part = h * 6.0
    sixth = tf.floor(part)
    f, k = part - sixth, tf.cast(sixth, tf.int32) % 6
    p, q, t = v * (1 - s), v * (1 - f * s), v * (1 - (1 - f) * s)
    rgb = [(v, t, p), (q, v, p), (p, v, t), (p, q, v), (t, p, v), (v, p, q)]
    return [sum(tf.where(k == i, rgb[i][c], tf.zeros_like(v)) for i in range(6)) for c in range(3)]


def to_rgb(images, data_format=None):
    axis = -3 if data_format == "channels_first" else -1
    return tf.stack(sextants(*tf.unstack(images, axis=axis)), axis=axis)


for seed, shape in enumerate(((2, 3, 3), (1, 2, 3, 3), (2, 1, 2, 3), (1, 1, 3))):
    cases.add("image.rgb_to_hsv", values(*shape, seed=seed, **unit))
    cases.add("image.hsv_to_rgb", values(*shape, seed=seed, **unit), reference=to_rgb)
    cases.add("image.hsv_to_rgb", values(*shape, seed=seed + 9, **unit), gradient=0, wide=False)
for name in ("image.rgb_to_hsv", "image.hsv_to_rgb"):
    cases.add(name, edge, gradient=0, wide=False)
    cases.add(name, values(2, 3, 2, 1, **unit), data_format="channels_first", gradient=0, wide=False)
    cases.add(name, values(3, 2, 2, **unit), data_format="channels_first", gradient=0, wide=False)
    cases.add(name, values(0, 2, 2, 3), gradient=0, wide=False)


def otsu(gray, total):
    """TensorFlow.js's loop over all thresholds."""
    counts = np.bincount(np.clip(np.rint(gray), 0, 255).astype(int).ravel(), minlength=256).astype("float64")
    best, found = 0.0, -1
    for i in range(255):
        a, b = counts[: i + 1], counts[i + 1 :]
        if a.sum() and b.sum():
            gap = (a * np.arange(i + 1)).sum() / a.sum() - (b * np.arange(i + 1, 256)).sum() / b.sum()
            spread = a.sum() / total * (b.sum() / total) * gap * gap
            # The sums are exact, so thresholds that part the pixels alike give equal numbers.
            best, found = (spread, i) if spread > best else (best, found)
    return found


def threshold(image, method="binary", inverted=False, thresh_value=0.5):
    gray = image.astype("float64") @ [0.2989, 0.5870, 0.1140] if image.shape[-1] == 3 else image.astype("float64")
    gray = gray[..., None] if image.shape[-1] == 3 else gray
    limit = otsu(gray, image.shape[0] * image.shape[1]) if method == "otsu" else thresh_value * 255
    return np.where((gray <= limit) if inverted else (gray > limit), 255, 0).astype("int32")


for dtype in ("int32", "float32", "uint8"):
    for k, shape in enumerate(((4, 4, 1), (3, 5, 3), (2, 2, 1), (3, 2, 2))):
        x = values(*shape, seed=k, low=0, high=255, dtype=dtype)
        for options in ({}, {"method": "otsu"}, {"inverted": True, "thresh_value": 0.25}, {"method": "otsu", "inverted": True}):
            cases.add("image.threshold", x, expected=threshold(x, **options), **options)
flat = np.full((3, 3, 1), 7, "int32")
cases.add("image.threshold", flat, method="otsu", expected=threshold(flat, "otsu"))
two = np.array([[[10], [10], [200], [201]]], "int32")
cases.add("image.threshold", two, method="otsu", expected=threshold(two, "otsu"))

# --- places ---

for shape in ((3, 2, 2), (2, 3, 2, 1)):
    for k, form in enumerate((None, "channels_last", "channels_first")):
        x, extra = values(*shape, seed=k), {"data_format": form} if form else {}
        cases.add("image.pad_images", x, 1, 2, 0, 3, **extra)
        cases.add("image.pad_images", x, top_padding=1, right_padding=1, target_height=6, target_width=7, **extra)
        cases.add("image.pad_images", x, bottom_padding=1, left_padding=0, target_height=5, target_width=5, **extra)
        cases.add("image.crop_images", values(*shape[:-3], 4, 4, 4), 1, 2, 0, 1, **extra)
        cases.add(
            "image.crop_images", values(*shape[:-3], 4, 4, 4), top_cropping=1, right_cropping=1, target_height=2, target_width=3, **extra
        )
        cases.add(
            "image.crop_images", values(*shape[:-3], 4, 4, 4), bottom_cropping=1, left_cropping=0, target_height=2, target_width=1, **extra
        )
cases.add("image.pad_images", values(2, 2, 1, dtype="int32"), 0, 0, 1, 1)
cases.add("image.crop_images", values(3, 3, 1, low=0, high=9, dtype="uint8"), 1, 0, 1, 2)
for shape in ((1, 2, 3, 2), (2, 1, 4, 1), (2, 3, 1), (2, 2, 1, 3)):
    cases.add("image.flip_left_right", values(*shape), reference=tf.image.flip_left_right)
cases.add("image.flip_left_right", values(1, 2, 2, 1, dtype="int32"), reference=tf.image.flip_left_right)
for size, options in (
    (2, {}), ((2, 1), {}), (2, {"strides": 1}), ((1, 2), {"strides": (2, 1)}), (2, {"padding": "same"}),
    (2, {"dilation_rate": 2, "strides": 1}),
    (3, {"strides": 2, "padding": "same"}), ((2, 2), {"strides": 1, "dilation_rate": 2, "padding": "same"}), (1, {"strides": 2}), (4, {}),
):  # fmt: skip
    cases.add("image.extract_patches", values(1, 4, 4, 1), size, **options)
    cases.add("image.extract_patches", values(4, 5, 2), size, **options, gradient=1)
for size, options in (
    (2, {}),
    ((1, 2, 1), {}),
    (2, {"strides": 1}),
    (2, {"padding": "same", "strides": (1, 2, 1)}),
    ((2, 1, 2), {"strides": (1, 1, 2)}),
):
    cases.add("image.extract_patches_3d", values(1, 2, 3, 2, 2), size, **options)
    cases.add("image.extract_patches_3d", values(2, 3, 2, 1), size, **options, gradient=1)
cases.add("image.extract_patches", values(1, 2, 3, 2, 1), (1, 2, 2), reference=lambda x, size: keras.ops.image.extract_patches_3d(x, size))


def first(function):
    """Return a reference for channels first: Keras's needs a GPU for it."""

    def reference(x, *args, data_format=None, **kwargs):
        axes = list(range(len(x.shape)))
        at = len(axes) - (4 if function is keras.ops.image.extract_patches_3d else 3)
        y = function(tf.transpose(x, axes[:at] + axes[at + 1 :] + [at]), *args, **kwargs)
        return tf.transpose(y, axes[:at] + [len(axes) - 1] + axes[at:-1])

    return reference


for shape in ((1, 2, 3, 4), (2, 4, 3)):
    cases.add(
        "image.extract_patches",
        values(*shape),
        2,
        strides=1,
        data_format="channels_first",
        reference=first(keras.ops.image.extract_patches),
    )
cases.add(
    "image.extract_patches_3d",
    values(1, 2, 2, 3, 2),
    2,
    strides=1,
    data_format="channels_first",
    reference=first(keras.ops.image.extract_patches_3d),
)

# --- filters ---


def blurred(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Keras on TensorFlow takes height and width for each other: it agrees with its documentation where they are equal."""
    return keras.ops.image.gaussian_blur(
        images, kernel_size[::-1] if kernel_size[0] == kernel_size[1] else kernel_size, sigma[::-1], data_format
    )


def two_passes(images, kernel_size, sigma):
    for axis in (0, 1):
        bell = tf.exp(-0.5 * ((tf.range(kernel_size[axis], dtype=images.dtype) - (kernel_size[axis] - 1) / 2) / sigma[axis]) ** 2)
        kernel = tf.reshape(bell / tf.reduce_sum(bell), (-1, 1, 1, 1) if axis == 0 else (1, -1, 1, 1))
        images = tf.nn.depthwise_conv2d(images, tf.tile(kernel, (1, 1, images.shape[-1], 1)), [1] * 4, "SAME")
    return images


for options in (
    {},
    {"kernel_size": (5, 5)},
    {"sigma": (0.5, 2.0)},
    {"kernel_size": (2, 2), "sigma": (1.5, 0.7)},
    {"kernel_size": (1, 1)},
    {"kernel_size": (4, 4)},
):
    cases.add("image.gaussian_blur", values(1, 3, 4, 2), reference=blurred, **options)
    cases.add("image.gaussian_blur", values(4, 3, 1), reference=blurred, **options)
for size, sigma in (((3, 5), (1.0, 0.5)), ((4, 1), (2.0, 1.0)), ((2, 3), (0.7, 1.3))):
    cases.add("image.gaussian_blur", values(2, 3, 4, 1), size, sigma, reference=two_passes)
cases.add("image.gaussian_blur", values(1, 2, 3, 4), data_format="channels_first")
for shape in ((1, 3, 4, 2), (2, 3, 2, 1), (1, 5, 4, 1), (1, 2, 6, 2)):
    cases.add("image.sobel_edges", values(*shape))
    cases.add("image.sobel_edges", values(*shape, seed=3), gradient=1)
cases.add("image.sobel_edges", values(1, 2, 3, 4), data_format="channels_first")
cases.add("image.sobel_edges", values(4, 3, 2), reference=lambda x: keras.ops.image.sobel_edges(x[None])[0])
for options in (
    {"filter_size": 3},
    {"filter_size": 2, "filter_sigma": 0.7},
    {"filter_size": 3, "max_val": 4.0},
    {"filter_size": 1, "k1": 0.1, "k2": 0.2},
    {"filter_size": 3, "k2": 0.1},
):
    for shape in ((1, 3, 4, 2), (2, 4, 3, 1), (4, 3, 2)):
        a, b = values(*shape, **unit), values(*shape, seed=5, **unit)
        cases.add("image.ssim", a, b, **options, tolerance=1e-4, note="variances are small differences of means of squares, in 32 bits")
a, b = values(1, 2, 3, 4, **unit), values(1, 2, 3, 4, seed=5, **unit)
cases.add("image.ssim", a, b, filter_size=3, data_format="channels_first")
cases.add("image.ssim", values(11, 12, 1), values(11, 12, 1, seed=2), gradient=1)
whole = values(4, 4, 1, low=0, high=255, dtype="uint8"), values(4, 4, 1, low=0, high=255, dtype="uint8", seed=3)
cases.add(
    "image.ssim",
    *whole,
    max_val=255.0,
    filter_size=3,
    expected=keras.ops.image.ssim(*(v.astype("float32") for v in whole), max_val=255.0, filter_size=3),
)

# --- boxes ---


def crops(image, boxes, box_ind, crop_size, method="bilinear", extrapolation_value=0.0):
    # The gradient that TensorFlow gives to the boxes of nearest crops is that of bilinear ones.
    boxes = boxes if method == "bilinear" else tf.stop_gradient(boxes)
    image = tf.cast(image, tf.float32)
    return tf.image.crop_and_resize(image, boxes, box_ind, crop_size, method=method, extrapolation_value=extrapolation_value)


# Where a box puts a pixel of the crop exactly on one of the image, its gradient is one of two: TensorFlow's is then neither.
BOXES = [[0.1, 0.23, 0.8, 0.9], [0.02, 0.03, 0.97, 0.98], [0.9, 0.7, 0.15, 0.05], [-0.4, 0.3, 0.6, 1.5], [0.35, 0.45, 0.35, 0.45]]
FULL = np.array([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 0]], "float32")
for method in ("bilinear", "nearest"):
    for size in ((2, 3), (1, 1), (3, 1), (4, 4)):
        for k, shape in enumerate(((1, 3, 4, 2), (2, 3, 3, 1))):
            n = 2 + k
            boxes, owner = np.array(BOXES[k : k + n], "float32"), (np.arange(n) % shape[0]).astype("int32")
            extra = {"extrapolation_value": 1.5} if k else {}
            cases.add(
                "image.crop_and_resize",
                values(*shape, seed=k),
                boxes,
                owner,
                size,
                method=method,
                reference=crops,
                gradient=1,
                wide=False,
                **extra,
            )
    cases.add(
        "image.crop_and_resize",
        values(1, 3, 4, 1),
        np.array(BOXES, "float32"),
        np.zeros(5, "int32"),
        (2, 2),
        method=method,
        reference=crops,
        gradient=1,
        wide=False,
    )
    for size in ((2, 2), (3, 4), (5, 7), (1, 1)):
        extra = {"method": method, "reference": lambda x, boxes, *args, **kwargs: crops(x, tf.stop_gradient(boxes), *args, **kwargs)}
        cases.add("image.crop_and_resize", values(1, 3, 4, 1), FULL, np.zeros(3, "int32"), size, gradient=1, wide=False, **extra)
    x = values(1, 3, 4, 1, low=0, high=255, dtype="uint8")
    cases.add(
        "image.crop_and_resize",
        x,
        np.array(BOXES[:1], "float32"),
        np.zeros(1, "int32"),
        (2, 2),
        method=method,
        reference=crops,
        gradient=0,
        wide=False,
    )
cases.add(
    "image.crop_and_resize",
    values(1, 2, 2, 1),
    np.zeros((0, 4), "float32"),
    np.zeros(0, "int32"),
    (2, 2),
    expected=np.zeros((0, 2, 2, 1), "float32"),
)


def suppressed(name, **fixed):
    function = getattr(tf.image, name)
    return lambda boxes, scores, size, *args, **kwargs: function(
        tf.cast(boxes, tf.float32), tf.cast(scores, tf.float32), size, *args, **fixed, **kwargs
    )


for seed in range(6):
    n = 8
    centers, spans = values(n, 2, seed=seed, low=0, high=2), values(n, 2, seed=seed + 50, low=0.4, high=1.5)
    boxes, scores = np.concatenate([centers - spans / 2, centers + spans / 2], 1), values(n, seed=seed, low=0, high=1)
    if seed % 2:
        boxes = boxes[:, [2, 1, 0, 3]]
    for options in ({}, {"iou_threshold": 0.2}, {"score_threshold": 0.4, "iou_threshold": 0.7}):
        for size in (3, 8):
            cases.add(
                "image.non_max_suppression",
                boxes,
                scores,
                size,
                reference=suppressed("non_max_suppression"),
                gradient=0,
                wide=False,
                **options,
            )
            cases.add(
                "image.non_max_suppression_with_score",
                boxes,
                scores,
                size,
                reference=suppressed("non_max_suppression_with_scores"),
                gradient=0,
                wide=False,
                **options,
            )
            cases.add(
                "image.non_max_suppression_padded", boxes, scores, size, pad_to_max_output_size=size > 3, gradient=0, wide=False,
                reference=suppressed("non_max_suppression_padded"), **options,
            )  # fmt: skip
    for sigma in (0.1, 0.5):
        # TensorFlow's soft form knows no threshold of overlap, which 1 means in TensorFlow.js's.
        cases.add(
            "image.non_max_suppression_with_score", boxes, scores, 5, 1.0, 0.05, soft_nms_sigma=sigma, gradient=0, wide=False,
            reference=suppressed("non_max_suppression_with_scores"),
        )  # fmt: skip
nothing = np.zeros((0, 4), "float32"), np.zeros(0, "float32")
cases.add("image.non_max_suppression", *nothing, 3, expected=np.zeros(0, "int32"))
cases.add(
    "image.non_max_suppression_padded", *nothing, 2, pad_to_max_output_size=True, expected=(np.zeros(2, "int32"), np.array(0, "int32"))
)
