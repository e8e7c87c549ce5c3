"""Keras's layers: one class each, in a file per subject."""

from .activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax, ThresholdedReLU
from .attention import AdditiveAttention, Attention
from .batch_normalization import BatchNormalization
from .bidirectional import Bidirectional
from .categories import CategoryEncoding
from .configs import deserialize, serialize
from .conv_lstm import ConvLSTM1D, ConvLSTM2D, ConvLSTM2DCell, ConvLSTM3D, ConvLSTMCell
from .convolution import (
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Conv3DTranspose,
    Convolution1D,
    Convolution1DTranspose,
    Convolution2D,
    Convolution2DTranspose,
    Convolution3D,
    Convolution3DTranspose,
)
from .core import Identity, Lambda, Masking
from .dense import Dense
from .discretization import Discretization
from .dot import Dot, dot
from .dropout import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from .einsum_dense import EinsumDense
from .embedding import Embedding, ReversibleEmbedding
from .feature_normalization import Normalization
from .grouped_query_attention import GroupedQueryAttention
from .grouped_query_attention import GroupedQueryAttention as GroupQueryAttention
from .hashing import HashedCrossing, Hashing
from .images import (
    AugMix,
    AutoContrast,
    CenterCrop,
    ContrastLimitedAdaptiveHistogramEqualization,
    CutMix,
    Equalization,
    MaxNumBoundingBoxes,
    MixUp,
    RandAugment,
    RandomBrightness,
    RandomColorDegeneration,
    RandomColorJitter,
    RandomContrast,
    RandomCrop,
    RandomElasticTransform,
    RandomErasing,
    RandomFlip,
    RandomGaussianBlur,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomPerspective,
    RandomPosterization,
    RandomRotation,
    RandomSaturation,
    RandomSharpness,
    RandomShear,
    RandomTranslation,
    RandomWidth,
    RandomZoom,
    Resizing,
    Solarization,
)
from .input_layer import Input, InputLayer
from .input_spec import InputSpec
from .layer import Layer
from .lookup import IntegerLookup, StringLookup
from .merging import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from .multi_head_attention import MultiHeadAttention
from .nlp import (
    BytePairTokenizer,
    GPT2CausalLMPreprocessor,
    GPT2Preprocessor,
    GPT2Tokenizer,
    PositionEmbedding,
    Preprocessor,
    ReverseEmbedding,
    StartEndPacker,
    Tokenizer,
    TransformerDecoder,
    WhitespaceSplitterTokenizer,
)
from .normalization import GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization
from .padding import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from .pipeline import Pipeline
from .pooling import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AdaptiveMaxPooling3D,
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    AvgPool1D,
    AvgPool2D,
    AvgPool3D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalAvgPool3D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GlobalMaxPool3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    MaxPool1D,
    MaxPool2D,
    MaxPool3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from .recurrent import GRU, LSTM, SimpleRNN
from .rescaling import Rescaling
from .reshaping import Flatten, Permute, RepeatVector, Reshape
from .rnn import RNN
from .rnn_cells import GRUCell, LSTMCell, RNNCell, SimpleRNNCell, StackedRNNCells
from .separable import DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D, SeparableConvolution1D, SeparableConvolution2D
from .spectrograms import MelSpectrogram, STFTSpectrogram
from .text_vectorization import TextVectorization
from .time_distributed import TimeDistributed
from .wrappers import SpectralNormalization, Wrapper

# TensorFlow.js counts these models among the layers; models stand above layers, so that they are loaded when first used.
_MODELS = ("Backbone", "GPT2Backbone", "PipelineModel", "Task")


def __getattr__(name: str) -> object:
    if name in _MODELS:
        from ..models import nlp as models

        return getattr(models, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
