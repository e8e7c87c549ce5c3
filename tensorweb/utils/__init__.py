"""keras.utils: what does not belong to a layer, a model or an op."""

from .audio_dataset import audio_dataset_from_directory
from .config import Config
from .downloads import get_file
from .image_dataset import image_dataset_from_directory
from .images import array_to_img, img_to_array, load_img, save_img
from .messages import disable_interactive_logging, enable_interactive_logging, is_interactive_logging_enabled
from .numerical import normalize, to_categorical
from .packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from .progress import Progbar
from .py_dataset import PyDataset
from .py_dataset import PyDataset as Sequence
from .rng import set_random_seed
from .sequences import pad_sequences
from .splitting import split_dataset
from .text_dataset import text_dataset_from_directory
from .timeseries import timeseries_dataset_from_array
