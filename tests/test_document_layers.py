"""docs/layers.md says of every layer how it is tested, and of every missing name of Keras why. That it is not stale: test_documents.py."""

from tools import document_layers

ROOT = document_layers.ROOT


def test_every_missing_name_has_its_reason():
    for house, names in document_layers.holes().items():
        assert set(names) <= document_layers.LEFT_OUT.get(house, {}).keys(), f"keras.{house}: {names}"


def test_reasons_are_for_missing_names():
    missing = document_layers.holes()
    for house, reasons in document_layers.LEFT_OUT.items():
        assert all(reasons.values()) and set(reasons) == set(missing.get(house, ())), house


def test_every_layer_has_a_case_or_a_test():
    covered = document_layers.coverage()
    for name in document_layers.layer_classes():
        assert (name in covered) != (name in document_layers.TESTED_ELSEWHERE), name


def test_tests_elsewhere_name_the_layer():
    for name, path in document_layers.TESTED_ELSEWHERE.items():
        assert name in (ROOT / "tests" / path).read_text(), f"{path} does not test {name}"


def test_cases_are_of_layers_that_exist():
    assert document_layers.coverage().keys() <= document_layers.layer_classes().keys()
