"""Wrapper, the base of layers around one layer, and SpectralNormalization. Wrappers over time (TimeDistributed, ...) are elsewhere."""

from __future__ import annotations

from typing import Any

from .. import engine, initializers
from ..errors import ArgumentError, message
from ..serialization import deserialize_keras_object
from ..tensor import op
from .input_spec import InputSpec
from .layer import Layer


class Wrapper(Layer):
    """Base of layers that hold one `layer` and build it with themselves. Keras's Wrapper. Raises ArgumentError for anything else."""

    def __init__(self, layer: Any, **kwargs: Any):
        if not isinstance(layer, Layer):
            raise ArgumentError(message(type(self).__name__, "a layer", repr(layer)[:80], "Pass an instance of a Layer."))
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the layer within."""
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Return a wrapper of a config, its layer of the config within."""
        config = dict(config)
        return cls(deserialize_keras_object(config.pop("layer"), custom_objects), **config)


class SpectralNormalization(Wrapper):
    """Divides the kernel (or embeddings) of a layer by its largest singular value at each call in training. Keras's wrapper.

    Args: `layer`; `power_iterations`: how often the estimate of the singular vectors is improved each time (Miyato et al., 2018).
    Raises ArgumentError for a layer without such a weight.
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any):
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ArgumentError(message("SpectralNormalization", "`power_iterations` above 0", power_iterations, "Use 1 or more."))
        self.power_iterations = power_iterations

    def build(self, input_shape: Any = None) -> None:
        """Build the layer within and make the estimate of its first right singular vector."""
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        found = getattr(self.layer, "kernel", None)
        found = getattr(self.layer, "embeddings", None) if found is None else found
        if found is None:
            advice = "It has neither kernel nor embeddings."
            raise ArgumentError(message("SpectralNormalization", "a layer with a kernel", type(self.layer).__name__, advice))
        self.kernel = found
        start = initializers.TruncatedNormal(stddev=0.02)
        self.vector_u = self.add_weight(shape=(1, found.shape[-1]), initializer=start, trainable=False, name="vector_u", dtype=found.dtype)

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Return the layer's outputs; in training its kernel is divided first."""
        if training and not inputs.is_abstract:
            with engine.changed_state(tapes=(), autocast=None):
                self._normalize()
        made = self.layer(inputs)
        return made if made.dtype == inputs.dtype else op("cast")(made, inputs.dtype)

    def _normalize(self) -> None:
        kernel = self.kernel._value
        if not bool(op("any")(op("not_equal")(kernel, 0))):
            return
        weights, u = op("reshape")(kernel, (-1, kernel.shape[-1])), self.vector_u._value
        for _ in range(self.power_iterations):
            v = _unit(op("matmul")(u, weights, transpose_b=True))
            u = _unit(op("matmul")(v, weights))
        largest = op("matmul")(op("matmul")(v, weights), u, transpose_b=True)
        self.vector_u.assign(u)
        self.kernel.assign(op("divide")(kernel, op("reshape")(largest, ())))


def _unit(x: Any) -> Any:
    return op("normalize")(x, axis=None)
