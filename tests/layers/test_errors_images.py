"""Wrong arguments of image and audio layers and of the box functions: which error, and what it names."""

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, DTypeError, ShapeError

L, B = tw.layers, tw.utils.bounding_boxes
zeros = tw.zeros

WRONG = [
    # at construction
    (lambda: L.Resizing(0, 2), ArgumentError, "height"),
    (lambda: L.Resizing(2, 2.5), ArgumentError, "width"),
    (lambda: L.Resizing(2, 2, interpolation="cubic"), ArgumentError, "interpolation"),
    (lambda: L.CenterCrop(-1, 2), ArgumentError, "height"),
    (lambda: L.RandomCrop(2, "3"), ArgumentError, "width"),
    (lambda: L.RandomFlip("sideways"), ArgumentError, "mode"),
    (lambda: L.RandomFlip(seed="x"), ArgumentError, "seed"),
    (lambda: L.RandomFlip(factor=0.5), ArgumentError, "factor"),
    (lambda: L.RandomRotation(1.5), ArgumentError, "factor"),
    (lambda: L.RandomRotation((0.1, 0.2, 0.3)), ArgumentError, "factor"),
    (lambda: L.RandomRotation("a"), ArgumentError, "factor"),
    (lambda: L.RandomRotation(0.1, fill_mode="mirror"), NotImplementedError, "fill_mode"),
    (lambda: L.RandomRotation(0.1, interpolation="bicubic"), NotImplementedError, "interpolation"),
    (lambda: L.RandomZoom(-1.0), ArgumentError, "height_factor"),
    (lambda: L.RandomZoom(0.1, (0.1, 1.5)), ArgumentError, "width_factor"),
    (lambda: L.RandomTranslation(0.1, 1.5), ArgumentError, "width_factor"),
    (lambda: L.RandomTranslation("a", 0.5), ArgumentError, "height_factor"),
    (lambda: L.RandomShear(-0.1), ArgumentError, "x_factor"),
    (lambda: L.RandomShear(0.1, (0.5, 1.5)), ArgumentError, "y_factor"),
    (lambda: L.RandomBrightness(1.5), ArgumentError, "factor"),
    (lambda: L.RandomBrightness(0.5, value_range=(0, 1, 2)), ArgumentError, "value_range"),
    (lambda: L.RandomContrast(-0.5), ArgumentError, "factor"),
    (lambda: L.RandomHue(1.5), ArgumentError, "factor"),
    (lambda: L.RandomGrayscale(1.5), ArgumentError, "factor"),
    (lambda: L.RandomPosterization(9), ArgumentError, "factor"),
    (lambda: L.RandomPosterization(0), ArgumentError, "factor"),
    (lambda: L.RandomSharpness(0.5, value_range=255), ArgumentError, "value_range"),
    (lambda: L.RandomGaussianBlur(kernel_size=4), ArgumentError, "kernel_size"),
    (lambda: L.RandomGaussianBlur(sigma=2.0), ArgumentError, "sigma"),
    (lambda: L.RandomErasing(fill_value="red"), ArgumentError, "fill_value"),
    (lambda: L.RandomErasing(scale=(1.5, 2.0)), ArgumentError, "scale"),
    (lambda: L.RandomPerspective(scale=1.5), ArgumentError, "scale"),
    (lambda: L.RandomElasticTransform(fill_mode="other"), NotImplementedError, "fill_mode"),
    (lambda: L.Solarization(1.5), ArgumentError, "addition_factor"),
    (lambda: L.Solarization(0.5, -0.1), ArgumentError, "threshold_factor"),
    (lambda: L.AutoContrast(value_range=3), ArgumentError, "value_range"),
    (lambda: L.CutMix(2.0), ArgumentError, "factor"),
    (lambda: L.RandAugment(factor=2.0), ArgumentError, "factor"),
    (lambda: L.AugMix(factor="a"), ArgumentError, "factor"),
    (lambda: L.Pipeline(L.Rescaling(1)), ArgumentError, "layers"),
    (lambda: L.Pipeline([lambda x: x]), ArgumentError, "layers"),
    (lambda: L.Pipeline.from_config({"name": "p"}), ArgumentError, "layers"),
    (lambda: L.CenterCrop(2, 2, data_format="last"), ArgumentError, "data_format"),
    (lambda: L.MelSpectrogram(fft_length=8, sequence_length=9), ArgumentError, "fft_length"),
    (lambda: L.STFTSpectrogram(mode="loud"), ArgumentError, "mode"),
    (lambda: L.STFTSpectrogram(scaling="other"), ArgumentError, "scaling"),
    (lambda: L.STFTSpectrogram(padding="full"), ArgumentError, "padding"),
    (lambda: L.STFTSpectrogram(window="none"), ArgumentError, "window"),
    (lambda: L.STFTSpectrogram(frame_length=8, frame_step=9), ArgumentError, "frame_step"),
    (lambda: L.STFTSpectrogram(frame_length=8, fft_length=4), ArgumentError, "fft_length"),
    # at the call
    (lambda: L.RandomFlip()(zeros((3, 3))), ShapeError, "rank 3"),
    (lambda: L.CenterCrop(2, 2)(zeros((1, 2, 3, 3, 3))), ShapeError, "rank 3"),
    (lambda: L.CenterCrop(2, 2).compute_output_shape((3, 3)), ShapeError, "rank 3"),
    (lambda: L.RandomColorDegeneration(0.5).compute_output_shape((None, 3, 3, 2)), ShapeError, "3 channels"),
    (lambda: L.RandomHue(0.5)(zeros((1, 3, 3, 2))), ShapeError, "3 channels"),
    (lambda: L.STFTSpectrogram(frame_length=4)(zeros((1, 8))), ShapeError, "rank 3"),
    (lambda: L.STFTSpectrogram(frame_length=4)(zeros((1, 8, 1), dtype="int32")), DTypeError, "floating"),
    (lambda: L.MelSpectrogram(fft_length=64)(zeros((1, 8))), ShapeError, "samples"),
    # boxes
    (lambda: B.convert_format(zeros((2, 3)), "xyxy", "xywh"), ShapeError, "4"),
    (lambda: B.convert_format(zeros((2, 4)), "xyxy", "corners"), ArgumentError, "rel_xyxy"),
    (lambda: B.convert_format(zeros((2, 4)), "rel_xyxy", "xywh"), ArgumentError, "height"),
    (lambda: B.clip_to_image_size({"boxes": zeros((2, 4))}), ArgumentError, "height"),
    (lambda: B.clip_to_image_size({"boxes": zeros((2, 4))}, 2, 2, "xywh"), NotImplementedError, "format"),
    (lambda: B.crop(zeros((2, 4)), 1, 1, 2, 2, "xywh"), NotImplementedError, "format"),
    (lambda: B.pad(zeros((2, 4)), 1, 1, bounding_box_format="xywh"), NotImplementedError, "format"),
    (lambda: B.compute_iou(zeros((4,)), zeros((2, 4)), "xyxy"), ShapeError, "boxes1"),
    (lambda: B.compute_iou(zeros((2, 4)), zeros((2, 4)), "rel_xyxy"), ArgumentError, "image_shape"),
    (lambda: B.compute_ciou(zeros((2, 4)), zeros((2, 4)), "rel_xyxy"), ArgumentError, "absolute"),
    (lambda: B.encode_box_to_deltas(zeros((2, 4)), zeros((2, 4)), "xyxy", "xyxy", "xyxy"), ArgumentError, "center_xywh"),
    (lambda: B.decode_deltas_to_boxes(zeros((2, 4)), zeros((2, 4)), "xyxy", "xyxy", variance=[1.0]), ArgumentError, "variance"),
]  # fmt: skip


@pytest.mark.parametrize("call, error, text", WRONG, ids=[f"{i}-{text.replace(' ', '_')}" for i, (_, _, text) in enumerate(WRONG)])
def test_wrong_arguments_say_what_is_wrong(call, error, text):
    with pytest.raises(error, match=text):
        call()
