"""FeatureSpace: columns of structured data to one encoded vector, by a preprocessing layer for each. The layers are in `layers`."""

from __future__ import annotations

from typing import Any

from ..autodiff import map_leaves
from ..data import Dataset
from ..errors import ArgumentError, message
from ..layers import (
    CategoryEncoding,
    Discretization,
    HashedCrossing,
    Hashing,
    Input,
    IntegerLookup,
    Layer,
    Normalization,
    StringLookup,
)
from ..layers.rescaling import Rescaling
from ..naming import auto_name
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..symbolic import KerasTensor
from ..tensor import as_tensor, op


class TFDIdentity(Layer):
    """The preprocessor of features that stay as they are."""

    def call(self, x: Any) -> Any:
        """Return the input."""
        return x


class TFDConcat(Layer):
    """What joins the encoded features along `axis`."""

    def __init__(self, axis: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, xs: Any) -> Any:
        """Return the inputs joined."""
        return op("concatenate")(xs, axis=self.axis)


class _Described:
    """Base of descriptions: configs of the constructor's arguments."""

    _names: tuple[str, ...]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {n: serialize_keras_object(getattr(self, n)) for n in self._names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the description of a config."""
        return cls(**config)


def _check_mode(where: str, mode: str, allowed: tuple[str, ...]) -> None:
    if mode not in allowed:
        raise ArgumentError(message(f"{where}(output_mode=)", f"one of {', '.join(allowed)}", repr(mode), "Check the spelling."))


class Cross(_Described):
    """A crossing of features into `crossing_dim` bins, given out as "int" or "one_hot"."""

    _names = ("feature_names", "crossing_dim", "output_mode")

    def __init__(self, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot"):
        _check_mode("Cross", output_mode, ("int", "one_hot"))
        self.feature_names, self.crossing_dim, self.output_mode = tuple(feature_names), crossing_dim, output_mode

    @property
    def name(self) -> str:
        """The features' names, joined by _X_."""
        return "_X_".join(self.feature_names)


class Feature(_Described):
    """A column: its `dtype`, the layer that prepares it, and how that is given out: "int", "one_hot" or "float"."""

    _names = ("dtype", "preprocessor", "output_mode")

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str):
        _check_mode("Feature", output_mode, ("int", "one_hot", "float"))
        self.dtype, self.output_mode = dtype, output_mode
        self.preprocessor = deserialize_keras_object(preprocessor) if isinstance(preprocessor, dict) else preprocessor


def _cardinality(name: str, layer: Any) -> int:
    """Return how many integers a feature's layer gives."""
    if isinstance(layer, (IntegerLookup, StringLookup)):
        return layer.vocabulary_size()
    if isinstance(layer, CategoryEncoding):
        return layer.num_tokens
    if isinstance(layer, (Discretization, HashedCrossing, Hashing)):
        found = layer.num_bins
        return len(layer.bin_boundaries or ()) + 1 if found is None else found  # type: ignore[union-attr]
    raise ArgumentError(
        message(f"FeatureSpace, feature {name!r}", "a standard feature with output_mode='one_hot'", type(layer).__name__,
                "Nobody knows how many values it has: use output_mode='int'.")
    )  # fmt: skip


class FeatureSpace(Layer):
    """Columns of structured data to one encoded vector, or a dict of them. Keras's class.

    Args: `features`: names to "float", "float_normalized", "float_rescaled", "float_discretized", "integer_categorical",
    "string_categorical", "integer_hashed", "string_hashed", or to what the class methods of these names give; `output_mode`: "concat"
    or "dict"; `crosses`: tuples of names, or `FeatureSpace.cross(...)`; `crossing_dim`, `hashing_dim`, `num_discretization_bins`.

    >>> import tensorweb as tw
    >>> space = tw.utils.FeatureSpace({"age": "float", "city": "string_categorical"})
    >>> space.adapt({"age": [30.0, 40.0], "city": ["Rome", "Oslo"]})
    >>> space({"age": [50.0], "city": ["Oslo"]}).tolist()
    [[50.0, 0.0, 0.0, 1.0]]
    """

    # saving takes it as it takes models.
    saved_as_model = True

    def __init__(
        self, features: dict[str, Any], output_mode: str = "concat", crosses: Any = None, crossing_dim: int = 32, hashing_dim: int = 32,
        num_discretization_bins: int = 32, name: str | None = None,
    ):  # fmt: skip
        super().__init__(name=name)
        if not features:
            raise ArgumentError(message("FeatureSpace(features=)", "a dict of features", features, "Name at least one."))
        _check_mode("FeatureSpace", output_mode, ("dict", "concat"))
        self.crossing_dim, self.hashing_dim, self.num_discretization_bins = crossing_dim, hashing_dim, num_discretization_bins
        self.output_mode = output_mode
        self.features = {n: self._as_feature(n, f) for n, f in features.items()}
        self.crosses = [self._as_cross(c) for c in crosses or ()]
        self.crosses_by_name = {c.name: c for c in self.crosses}
        self.inputs = {n: Input((1,), dtype=f.dtype, name=n) for n, f in self.features.items()}
        self.preprocessors = {n: f.preprocessor for n, f in self.features.items()}
        self.crossers = {c.name: HashedCrossing(c.crossing_dim, name=c.name) for c in self.crosses}
        self.one_hot_encoders: dict[str, CategoryEncoding] = {}
        self.concat: TFDConcat | None = None
        self.encoded_features: Any = None
        self._is_adapted = self._sublayers_built = False

    # --- describing features ---

    @classmethod
    def cross(cls, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """Return a crossing of features."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """Return a feature with a layer of one's own."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Return a number as it is."""
        return Feature("float32", TFDIdentity(dtype="float32", name=_layer_name(name, "float")), "float")

    @classmethod
    def float_rescaled(cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None) -> Feature:
        """Return a number times `scale` plus `offset`."""
        return Feature("float32", Rescaling(scale=scale, offset=offset, name=_layer_name(name, "float_rescaled")), "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Return a number with mean 0 and variance 1, which `adapt` learns."""
        return Feature("float32", Normalization(axis=-1, name=_layer_name(name, "float_normalized")), "float")

    @classmethod
    def float_discretized(cls, num_bins: Any, bin_boundaries: Any = None, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Return the bin of a number."""
        layer = Discretization(num_bins=num_bins, bin_boundaries=bin_boundaries, name=_layer_name(name, "float_discretized"))
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls, max_tokens: int | None = None, num_oov_indices: int = 1, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return the place of an integer in a vocabulary, which `adapt` learns."""
        layer = IntegerLookup(max_tokens, num_oov_indices, name=_layer_name(name, "integer_categorical"))
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls, max_tokens: int | None = None, num_oov_indices: int = 1, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return the place of a string in a vocabulary, which `adapt` learns."""
        return Feature("string", StringLookup(max_tokens, num_oov_indices, name=_layer_name(name, "string_categorical")), output_mode)

    @classmethod
    def string_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Return the bin of a string's hash."""
        return Feature("string", Hashing(num_bins, name=_layer_name(name, "string_hashed")), output_mode)

    @classmethod
    def integer_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Return the bin of an integer's hash."""
        return Feature("int32", Hashing(num_bins, name=_layer_name(name, "integer_hashed")), output_mode)

    def _as_feature(self, name: str, given: Any) -> Feature:
        if isinstance(given, Feature):
            return given
        if isinstance(given, dict):
            return deserialize_keras_object(given)
        more = {
            "float": {}, "float_normalized": {}, "float_rescaled": {}, "integer_categorical": {}, "string_categorical": {},
            "float_discretized": {"num_bins": self.num_discretization_bins}, "integer_hashed": {"num_bins": self.hashing_dim},
            "string_hashed": {"num_bins": self.hashing_dim},
        }  # fmt: skip
        if given not in more:
            raise ArgumentError(message(f"FeatureSpace, feature {name!r}", f"one of {', '.join(more)}", repr(given), "Check the spelling."))
        return getattr(self, given)(name=name, **more[given])

    def _as_cross(self, given: Any) -> Cross:
        if isinstance(given, dict):
            given = deserialize_keras_object(given)
        if isinstance(given, Cross):
            return given
        unknown = [n for n in given if n not in self.features]
        if unknown or not self.crossing_dim:
            got = f"unknown {unknown}" if unknown else "no crossing_dim"
            raise ArgumentError(message("FeatureSpace(crosses=)", "names of features, and crossing_dim", got, "Check the names."))
        return Cross(given, crossing_dim=self.crossing_dim)

    # --- learning ---

    def _adaptable(self) -> list[str]:
        """Return the features whose layers have something to learn."""

        def learns(layer: Any) -> bool:
            fixed = getattr(layer, "input_mean", None) is not None or getattr(layer, "_has_input_vocabulary", False)
            known = isinstance(layer, Discretization) and layer.num_bins is None
            return hasattr(layer, "adapt") and not fixed and not known

        return [n for n, layer in self.preprocessors.items() if learns(layer)]

    def adapt(self, dataset: Any) -> None:
        """Learn what the layers need of a dict of columns, or a dataset of such dicts, batched or not."""
        if isinstance(dataset, dict):
            dataset = Dataset.from_tensor_slices(dataset)
        if not hasattr(dataset, "map"):
            got = type(dataset).__name__
            raise ArgumentError(message("FeatureSpace.adapt", "a Dataset or a dict of arrays or lists", got, "Pass {name: column}."))
        for name in self._adaptable():
            column = dataset.map(lambda x, name=name: x[name])
            rank = len(next(iter(column)).shape)
            if rank == 0:
                column = column.batch(32)
            if rank in (0, 1):
                column = column.map(lambda x: op("expand_dims")(x, -1))
            self.preprocessors[name].adapt(column)
        self._is_adapted = True
        self.get_encoded_features()
        self.built = self._sublayers_built = True

    def _check_adapted(self) -> None:
        if not self._is_adapted and self._adaptable():
            raise ArgumentError(message("FeatureSpace", "a call of adapt(dataset) first", "none", f"{self._adaptable()} learn from data."))
        self._is_adapted = True

    def _check_built(self) -> None:
        if not self._sublayers_built:
            self._check_adapted()
            self.get_encoded_features()
            self._sublayers_built = True

    # --- encoding ---

    def get_inputs(self) -> dict[str, KerasTensor]:
        """Return the symbolic inputs, for a model that takes raw columns."""
        self._check_built()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """Return the symbolic encoded features, for a model that takes raw columns or encoded ones."""
        self._check_adapted()
        if self.encoded_features is None:
            self.encoded_features = self._encode(self.inputs)
        return self.encoded_features

    def _encode(self, columns: dict[str, Any]) -> Any:
        made = {n: self.preprocessors[n](x) for n, x in columns.items()}
        crossed = {c.name: self.crossers[c.name]([made[n] for n in c.feature_names]) for c in self.crosses}
        values = {**{n: made[n] for n in sorted(made)}, **{n: crossed[n] for n in sorted(crossed)}}
        if not self._sublayers_built:
            self._make_encoders(values)
        encoded = {n: self.one_hot_encoders[n](v) if n in self.one_hot_encoders else v for n, v in values.items()}
        if self.output_mode == "dict":
            return encoded
        if self.concat is None:
            self._check_encoded(encoded)
            self.concat = TFDConcat(axis=-1)
        return self.concat(list(encoded.values()))

    def _check_encoded(self, encoded: dict[str, Any]) -> None:
        for name, value in encoded.items():
            if value.dtype.startswith("int") or value.dtype == "string":
                where = f"FeatureSpace, feature {name!r}"
                wanted = "an encoded feature with output_mode='concat'"
                raise ArgumentError(message(where, wanted, f"dtype {value.dtype}", "Use output_mode='dict'."))

    def _make_encoders(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            described: Any = self.features.get(name) or self.crosses_by_name[name]
            if described.output_mode != "one_hot":
                continue
            if not value.dtype.startswith("int"):
                where = f"FeatureSpace, feature {name!r}"
                raise ArgumentError(message(where, "integers with output_mode='one_hot'", f"dtype {value.dtype}", "Use 'float'."))
            layer = self.preprocessors.get(name) or self.crossers[name]
            self.one_hot_encoders[name] = CategoryEncoding(num_tokens=_cardinality(name, layer), output_mode="multi_hot")

    def __call__(self, data: Any) -> Any:
        """Encode a dict of columns: numbers or strings, arrays [batch] or [batch, 1]."""
        self._check_built()
        if not isinstance(data, dict):
            raise ArgumentError(message("FeatureSpace", "a dict of columns", type(data).__name__, "Pass {name: column}."))
        if set(data) != set(self.features):
            raise ArgumentError(message("FeatureSpace", f"the columns {sorted(self.features)}", sorted(data), "Pass each of them."))
        columns = {n: x if isinstance(x, KerasTensor) else as_tensor(x, self.name) for n, x in data.items()}
        single = any(len(x.shape) == 0 for x in columns.values())
        shaped = {
            n: op("reshape")(x, (1, 1)) if not x.shape else op("expand_dims")(x, -1) if len(x.shape) == 1 else x
            for n, x in columns.items()
        }
        encoded = self._encode(shaped)
        return map_leaves(lambda t: op("squeeze")(t, axis=0) if t.shape[0] == 1 else t, encoded) if single else encoded

    # --- configs and files ---

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "features": serialize_keras_object(self.features), "output_mode": self.output_mode,
            "crosses": serialize_keras_object(self.crosses), "crossing_dim": self.crossing_dim, "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }  # fmt: skip

    def get_build_config(self) -> dict[str, Any]:
        """Return the shapes of the features' layers."""
        return {n: f.preprocessor.get_build_config() for n, f in self.features.items()}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build the features' layers."""
        for name, shapes in config.items():
            layer = self.features[name].preprocessor
            if shapes and not layer.built:
                layer.build_from_config(shapes)
        self._is_adapted = True

    def save(self, filepath: Any) -> None:
        """Write a .keras file, which `saving.load_model` reads."""
        from ..saving import save_model

        save_model(self, filepath)

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Write nothing: the layers within hold the state."""

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Take nothing."""


def _layer_name(name: str | None, kind: str) -> str:
    return f"{name or auto_name(kind)}_preprocessor"
