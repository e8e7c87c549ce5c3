"""PipelineModel, a model that prepares its raw inputs itself, and Task, one with a backbone and a preprocessor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...layers.nlp.gpt2 import pack
from ...serialization import deserialize_keras_object, serialize_keras_object
from ..model import Model


class PipelineModel(Model):
    """A model whose training and prediction prepare raw samples first, by `preprocess_samples`. TensorFlow.js's class.

    Args: `include_preprocessing`: whether they do; the others as of Model.
    """

    def __init__(self, *args: Any, include_preprocessing: bool = True, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.include_preprocessing = include_preprocessing

    def preprocess_features(self, x: Any) -> Any:
        """Return prepared features; those given, unless a subclass defines it."""
        return x

    def preprocess_labels(self, y: Any) -> Any:
        """Return prepared labels; those given, unless a subclass defines it."""
        return y

    def preprocess_samples(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Return prepared x, (x, y) or (x, y, sample_weight)."""
        return pack(self.preprocess_features(x), None if y is None else self.preprocess_labels(y), sample_weight)

    def _prepared(self, x: Any, y: Any = None, sample_weight: Any = None) -> tuple[Any, Any, Any]:
        """Return (x, y, sample_weight) prepared; a dataset is mapped."""
        if not self.include_preprocessing or x is None:
            return x, y, sample_weight
        if hasattr(x, "element_spec"):
            return x.map(lambda *parts: self.preprocess_samples(*parts)), None, None
        made = self.preprocess_samples(x, y, sample_weight)
        parts = made if isinstance(made, tuple) else (made,)
        return (*parts, *[None] * (3 - len(parts)))

    def fit(self, x: Any = None, y: Any = None, batch_size: Any = None, epochs: int = 1, verbose: Any = "auto", callbacks: Any = None,
            validation_split: float = 0.0, validation_data: Any = None, shuffle: Any = True, class_weight: Any = None,
            sample_weight: Any = None, **kwargs: Any) -> Any:  # fmt: skip
        """Train on raw samples; Model.fit."""
        x, y, sample_weight = self._prepared(x, y, sample_weight)
        if validation_data is not None:
            is_dataset = hasattr(validation_data, "element_spec")
            validation_data = self._prepared(validation_data)[0] if is_dataset else pack(*self._prepared(*validation_data))
        return super().fit(
            x, y, batch_size=batch_size, epochs=epochs, verbose=verbose, callbacks=callbacks, validation_split=validation_split,
            validation_data=validation_data, shuffle=shuffle, class_weight=class_weight, sample_weight=sample_weight, **kwargs,
        )  # fmt: skip

    def evaluate(self, x: Any = None, y: Any = None, batch_size: Any = None, verbose: Any = "auto", sample_weight: Any = None,
                 **kwargs: Any) -> Any:  # fmt: skip
        """Evaluate on raw samples; Model.evaluate."""
        x, y, sample_weight = self._prepared(x, y, sample_weight)
        return super().evaluate(x, y, batch_size=batch_size, verbose=verbose, sample_weight=sample_weight, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Predict from raw samples; Model.predict."""
        return super().predict(self._prepared(x)[0], *args, **kwargs)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Train on one batch of raw samples; Model.train_on_batch."""
        x, y, sample_weight = self._prepared(x, y, sample_weight)
        return super().train_on_batch(x, y, sample_weight, class_weight, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Predict from one batch of raw samples; Model.predict_on_batch."""
        return super().predict_on_batch(self._prepared(x)[0])


class Task(PipelineModel):
    """Base of models of a `backbone` and a `preprocessor` (or None), whose `call_and_pack_args` prepares samples. TensorFlow.js's class.

    Subclasses define `call`, and name their classes by `backbone_cls` and `preprocessor_cls`.
    """

    backbone_cls: Any = None
    preprocessor_cls: Any = None

    def __init__(self, *args: Any, backbone: Any = None, preprocessor: Any = None, **kwargs: Any):
        made = [deserialize_keras_object(v) if isinstance(v, Mapping) else v for v in (backbone, preprocessor)]
        super().__init__(*args, include_preprocessing=made[1] is not None, **kwargs)
        self.backbone, self.preprocessor = made

    def preprocess_samples(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """Return what the preprocessor makes of samples."""
        if self.preprocessor is None:
            return super().preprocess_samples(x, y, sample_weight)
        if hasattr(self.preprocessor, "call_and_pack_args"):
            return self.preprocessor.call_and_pack_args(x, y, sample_weight)
        return pack(self.preprocessor(x), y, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Return backbone, preprocessor, name and whether the model is trainable."""
        parts = {"backbone": self.backbone, "preprocessor": self.preprocessor}
        return {**{k: serialize_keras_object(v) for k, v in parts.items()}, "name": self.name, "trainable": self.trainable}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the model of a config."""
        return cls(**config)
