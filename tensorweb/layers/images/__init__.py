"""Layers that preprocess and augment images, with the boxes, masks and labels that come along."""

from .base import BaseImagePreprocessingLayer
from .colors import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomColorJitter,
    RandomContrast,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomPosterization,
    RandomSaturation,
    Solarization,
)
from .combinations import AugMix, MaxNumBoundingBoxes, RandAugment
from .filters import RandomErasing, RandomGaussianBlur, RandomSharpness
from .flips import RandomFlip
from .histograms import AutoContrast, ContrastLimitedAdaptiveHistogramEqualization, Equalization
from .mixing import CutMix, MixUp
from .sizes import CenterCrop, RandomCrop, Resizing
from .warps import RandomElasticTransform, RandomPerspective, RandomRotation, RandomShear, RandomTranslation, RandomZoom
from .widths import RandomWidth

__all__ = [
    "AugMix", "AutoContrast", "BaseImagePreprocessingLayer", "CenterCrop", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix",
    "Equalization", "MaxNumBoundingBoxes", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter",
    "RandomContrast", "RandomCrop", "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale",
    "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness",
    "RandomShear", "RandomTranslation", "RandomWidth", "RandomZoom", "Resizing", "Solarization",
]  # fmt: skip
