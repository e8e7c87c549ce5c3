"""keras.preprocessing: second names of some of `tw.utils`, which Keras keeps."""

from ..utils.image_dataset import image_dataset_from_directory
from ..utils.text_dataset import text_dataset_from_directory
from ..utils.timeseries import timeseries_dataset_from_array
from . import image, sequence
