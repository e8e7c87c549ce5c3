"""A model of each layer case, saved and loaded again in each format, gives exactly the same."""

import pytest

import tensorweb as tw
from tests.layers import replay

from . import layer_models

pytest.importorskip("h5py")
# Cases whose batch cannot be unknown.
FIXED_BATCH = ("EinsumDense", "Normalization")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("place", ["memory://layer", "layer.keras", "layer.h5"])
@pytest.mark.parametrize("subject", replay.subjects())
def test_layers(subject, place, tmp_path):
    wrong, tried = [], 0
    target = place if "://" in place else tmp_path / place
    cases = layer_models.cases(subject)
    # Files take longer: for them one case of each layer.
    chosen = {id(c) for c in (replay.smallest([c for _, c in cases]) if "://" not in place else [c for _, c in cases])}
    for name, case in cases:
        if id(case) not in chosen:
            continue
        try:
            model, x = layer_models.build(case)
        except layer_models.CannotBeModel:
            continue
        except tw.errors.ShapeError:
            assert case["layer"] in FIXED_BATCH
            continue
        want = layer_models.predicted(model, x)
        model.save(target)
        tried += 1
        if layer_models.predicted(tw.saving.load_model(target), x) != want:
            wrong.append(name)
    assert not wrong and (tried or "://" not in place)
