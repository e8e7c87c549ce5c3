"""GPT-2's tokenizer and preprocessors, and the base of preprocessors. Its backbone is a model: models/nlp."""

from __future__ import annotations

from typing import Any

from ...errors import ArgumentError, message
from ...serialization import deserialize_keras_object
from ...tensor import as_tensor, tensor
from ..layer import Layer
from .byte_pair import BytePairTokenizer
from .packing import StartEndPacker

END = "<|endoftext|>"


def pack(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return x, (x, y) or (x, y, sample_weight), as many as there are."""
    return x if y is None else (x, y) if sample_weight is None else (x, y, sample_weight)


class Preprocessor(Layer):
    """Base of layers that make a model's inputs of raw ones by a `tokenizer`. TensorFlow.js's class."""

    def __init__(self, tokenizer: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.autocast = False
        self.tokenizer = deserialize_keras_object(tokenizer) if isinstance(tokenizer, dict) else tokenizer

    tokenizer_cls: Any = None


class GPT2Tokenizer(BytePairTokenizer):
    """BytePairTokenizer with GPT-2's token <|endoftext|>, which must be in the vocabulary. TensorFlow.js's class.

    Args: `vocabulary`, `merges` as of BytePairTokenizer. Attributes: `start_token_id`, `end_token_id`, `pad_token_id`.
    """

    def __init__(self, vocabulary: dict[str, int], merges: list[str], **kwargs: Any):
        kwargs.pop("unsplittable_tokens", None)
        super().__init__(vocabulary, merges, unsplittable_tokens=[END], **kwargs)
        if END not in self._vocabulary:
            raise ArgumentError(message("GPT2Tokenizer(vocabulary=)", f"the token {END!r}", "none", "Add it."))
        self.start_token_id = self.end_token_id = self._vocabulary[END]
        self.pad_token_id = 0

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = super().get_config()
        del config["unsplittable_tokens"]
        return config


class GPT2Preprocessor(Preprocessor):
    """Strings to GPT-2's token ids [batch, sequence_length], with a start and an end. TensorFlow.js's class.

    Args: `tokenizer`: a GPT2Tokenizer; `sequence_length`; `add_start_token`, `add_end_token`.
    """

    tokenizer_cls = GPT2Tokenizer

    def __init__(
        self, tokenizer: Any, sequence_length: int = 1024, add_start_token: bool = True, add_end_token: bool = True, **kwargs: Any
    ):
        super().__init__(tokenizer, **kwargs)
        self.sequence_length, self.add_start_token, self.add_end_token = sequence_length, add_start_token, add_end_token
        own = self.tokenizer
        self.packer = StartEndPacker(sequence_length, own.start_token_id, own.end_token_id, own.pad_token_id)

    def call(self, inputs: Any, y: Any = None, sample_weight: Any = None, sequence_length: int | None = None) -> Any:
        """Return the token ids."""
        return self.call_and_return_padding_mask(inputs, sequence_length)["token_ids"]

    def call_and_return_padding_mask(self, inputs: Any, sequence_length: int | None = None) -> dict[str, Any]:
        """Return {"token_ids", "padding_mask"}; a list of several tensors raises ArgumentError."""
        return self._packed(inputs, sequence_length or self.sequence_length, self.add_start_token, self.add_end_token)

    def _packed(self, inputs: Any, length: int, add_start: bool, add_end: bool) -> dict[str, Any]:
        if isinstance(inputs, (list, tuple)) and not all(isinstance(v, str) for v in inputs):
            if len(inputs) != 1:
                raise ArgumentError(message(self.name, "one segment of text", f"{len(inputs)}", "GPT-2 takes one: join them first."))
            inputs = inputs[0]
        ids, mask = self.packer.call_and_return_padding_mask(self.tokenizer.tokenize(inputs), length, add_start, add_end)
        return {"token_ids": ids, "padding_mask": mask}

    def call_and_pack_args(self, inputs: Any, y: Any = None, sample_weight: Any = None, sequence_length: int | None = None) -> Any:
        """Return the inputs of the model, with labels and weights if given."""
        return pack(self.call_and_return_padding_mask(inputs, sequence_length), y, sample_weight)


class GPT2CausalLMPreprocessor(GPT2Preprocessor):
    """Strings to what a causal language model learns from: ids, the next ids, and where they are no padding. TensorFlow.js's class."""

    def call(self, inputs: Any, y: Any = None, sample_weight: Any = None, sequence_length: int | None = None) -> Any:
        """Return the token ids."""
        return self.call_and_pack_args(inputs, y, sample_weight, sequence_length)[0]["token_ids"]

    def call_and_pack_args(self, inputs: Any, y: Any = None, sample_weight: Any = None, sequence_length: int | None = None) -> Any:
        """Return (inputs, labels: the next ids, weights: 0 at padding); `y` and `sample_weight` are not used."""
        length = sequence_length or self.sequence_length
        made = self._packed(inputs, length + 1, self.add_start_token, self.add_end_token)
        ids, mask = made["token_ids"], made["padding_mask"]
        return {"token_ids": ids[..., :-1], "padding_mask": mask[..., :-1]}, ids[..., 1:], mask[..., 1:]

    def generate_preprocess(self, x: Any, sequence_length: int | None = None) -> dict[str, Any]:
        """Return {"token_ids", "padding_mask"} of prompts, without an end."""
        return self._packed(x, sequence_length or self.sequence_length, self.add_start_token, False)

    def generate_postprocess(self, x: dict[str, Any]) -> Any:
        """Return the strings of {"token_ids", "padding_mask"}, without padding, start and end."""
        ids, mask = (as_tensor(x[k], self.name).tolist() for k in ("token_ids", "padding_mask"))
        special = (self.tokenizer.start_token_id, self.tokenizer.end_token_id)
        rows = [[i for i, keep in zip(row, keeps) if keep and i not in special] for row, keeps in zip(ids, mask)]
        return self.tokenizer.detokenize([tensor(row, (len(row),), "int32") for row in rows])
