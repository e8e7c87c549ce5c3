"""Cases of what scikit-learn's exporters write; see cases.py. Trees stand in the exports themselves (generate_models.py)."""

import numpy as np

from tests.convert.onnx.cases import case, normal, whole

ML = "ai.onnx.ml"
TABLE = normal(5, 3)
for kind in ("MAX", "L1", "L2"):
    case("Normalizer", TABLE, norm=kind, domain=ML)
case("Scaler", TABLE, offset=[1.0, 2.0, -1.0], scale=[0.5, 2.0, 1.0], domain=ML)
case("Scaler", whole(0, 9, 5, 3, dtype="int64"), offset=[1.0], scale=[0.5], domain=ML)
case("Binarizer", TABLE, threshold=0.2, domain=ML)
case("Imputer", np.where(TABLE > 1, np.nan, TABLE), imputed_value_floats=[1.0, 2.0, 3.0], replaced_value_float=float("nan"), domain=ML)
case("Imputer", np.round(TABLE), imputed_value_floats=[9.0], replaced_value_float=1.0, domain=ML)
case("ArrayFeatureExtractor", TABLE, np.array([2, 0]), domain=ML)
case("ArrayFeatureExtractor", np.arange(5), np.array([2, 0]), domain=ML, note="vector", dynamic=False)
case("FeatureVectorizer", TABLE, normal(5, 2), inputdimensions=[3, 2], domain=ML)
case("OneHotEncoder", whole(0, 4, 6, dtype="int64"), cats_int64s=[0, 2, 3], zeros=1, domain=ML)
case("OneHotEncoder", np.array(["a", "c", "z"]), cats_strings=["a", "b", "c"], zeros=1, domain=ML)
case("LabelEncoder", whole(0, 4, 6, dtype="int64"), keys_int64s=[0, 2, 3], values_floats=[0.5, 1.5, 2.5], default_float=-2.0, domain=ML)
case("LabelEncoder", whole(0, 4, 6, dtype="int64"), keys_int64s=[0, 2], values_strings=["no", "yes"], default_string="?", domain=ML)
case("LabelEncoder", np.array(["a", "c", "z"]), keys_strings=["a", "c"], values_int64s=[7, 8], domain=ML)
WEIGHTS = [0.5, -1.0, 2.0, 1.0, 0.25, -0.5]
for kind in ("NONE", "SOFTMAX", "LOGISTIC"):
    case("LinearRegressor", TABLE, coefficients=WEIGHTS, intercepts=[0.1, -0.2], targets=2, post_transform=kind, domain=ML)
    case("LinearClassifier", TABLE, coefficients=WEIGHTS + WEIGHTS[:3], intercepts=[0.1, -0.2, 0.3], classlabels_ints=[3, 5, 9], outputs=2,
         post_transform=kind, domain=ML)  # fmt: skip
case("LinearClassifier", TABLE, coefficients=WEIGHTS, intercepts=[0.1, -0.2], classlabels_strings=["no", "yes"], outputs=2, domain=ML)
