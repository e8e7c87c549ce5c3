"""TensorFlow.js's layers for language: tokenizers, packing, positions, decoder blocks, GPT-2's preprocessing. Its models: models/nlp."""

from .byte_pair import BytePairTokenizer
from .gpt2 import GPT2CausalLMPreprocessor, GPT2Preprocessor, GPT2Tokenizer, Preprocessor
from .packing import StartEndPacker
from .positions import PositionEmbedding, ReverseEmbedding
from .tokenizers import Tokenizer, WhitespaceSplitterTokenizer
from .transformer import CachedMultiHeadAttention, TransformerDecoder

__all__ = [
    "BytePairTokenizer", "CachedMultiHeadAttention", "GPT2CausalLMPreprocessor", "GPT2Preprocessor", "GPT2Tokenizer",
    "PositionEmbedding", "Preprocessor", "ReverseEmbedding", "StartEndPacker", "Tokenizer", "TransformerDecoder",
    "WhitespaceSplitterTokenizer",
]  # fmt: skip
