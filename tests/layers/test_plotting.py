"""Drawings of models: DOT text and SVG without Graphviz."""

import re
import shutil
import xml.etree.ElementTree as ElementTree

import pytest

import tensorweb as tw
from tensorweb.utils import get_source_inputs, model_to_dot, plot_model

SVG = "{http://www.w3.org/2000/svg}"


def branched():
    a, b = tw.Input((4,), name="a"), tw.Input((4,), name="b")
    shared = tw.layers.Dense(4, activation="relu", name="shared")
    within = tw.Sequential([tw.layers.Dense(8, name="q")], name="in2")
    inner = tw.Sequential([tw.Input((8,)), tw.layers.Dense(8, name="p"), within], name="inner")
    z = tw.layers.Concatenate(name="cat")([shared(a), shared(b)])
    out = tw.layers.Dense(2, name="<out>")(tw.layers.Add(name="add")([z, inner(z)]))
    return tw.Model([a, b], [out, tw.layers.Dense(3, name="side")(a)], name="branched")


def parts(dot):
    """Return {key: name} and the edges by names of DOT text."""
    text = dot.to_string()
    names = dict(re.findall(r"(layer_\d+) \[label=<.*?<b>(.*?)</b>", text))
    return names, {(names[a], names[b]) for a, b in re.findall(r"(layer_\d+) -> (layer_\d+)", text)}


def test_layers_and_edges():
    names, edges = parts(model_to_dot(branched()))
    assert set(names.values()) == {"a", "b", "shared", "cat", "inner", "add", "&lt;out&gt;", "side"}
    want = {("a", "shared"), ("b", "shared"), ("shared", "cat"), ("cat", "inner"), ("cat", "add"), ("inner", "add"), ("add", "&lt;out&gt;")}
    assert edges == want | {("a", "side")}


def test_expanded_models_are_clusters():
    dot = model_to_dot(branched(), expand_nested=True)
    names, edges = parts(dot)
    assert {"p", "q"} < set(names.values()) and "inner" not in names.values()
    assert {("cat", "p"), ("p", "q"), ("q", "add")} < edges
    text = dot.to_string()
    assert text.count("{") == text.count("}") == 3
    assert text.index('"cluster_inner"') < text.index('"cluster_in2"')


def test_what_is_shown():
    model = branched()
    model.get_layer("shared").trainable = False
    text = str(model_to_dot(model, show_shapes=True, show_dtype=True, show_layer_activations=True, show_trainable=True))
    assert "Input shape: <b>(None, 4)</b>" in text and "Input shape: <b>[(None, 4), (None, 4)]</b>" in text
    assert "Output dtype: <b>float32</b>" in text and "Activation: <b>relu</b>" in text
    assert text.count(">Non-trainable<") == 1 and text.count(">Trainable<") == 3
    plain = str(model_to_dot(model, show_layer_names=False))
    assert "<b>Concatenate</b>" in plain and "<b>cat</b>" not in plain and "shape:" not in plain


def test_sequential_and_subclassed():
    names, edges = parts(model_to_dot(tw.Sequential([tw.Input((2,)), tw.layers.Dense(2, name="x"), tw.layers.ReLU(name="y")])))
    assert edges == {("x", "y")} and len(names) == 2

    class Own(tw.Model):
        def call(self, x):
            return x

    own = Own(name="own")
    own(tw.ones((1, 2)))
    assert parts(model_to_dot(own)) == ({"layer_0": "own"}, set())
    with pytest.raises(ValueError, match="built"):
        plot_model(tw.Sequential([tw.layers.Dense(2)]))


@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_svg_has_each_box_once_and_in_order(rankdir, tmp_path):
    path = tmp_path / "m.svg"
    drawing = model_to_dot(branched(), rankdir=rankdir)
    root = ElementTree.fromstring(drawing.to_svg())
    places = {t.text: (float(t.get("x")), float(t.get("y"))) for t in root.iter(f"{SVG}text")}
    assert places.keys() == {
        "a (InputLayer)", "b (InputLayer)", "shared (Dense)", "cat (Concatenate)", "inner (Sequential)", "add (Add)", "<out> (Dense)",
        "side (Dense)",
    }  # fmt: skip
    axis, sign = {"TB": (1, 1), "BT": (1, -1), "LR": (0, 1), "RL": (0, -1)}[rankdir]
    chain = [places[k][axis] * sign for k in ("a (InputLayer)", "shared (Dense)", "cat (Concatenate)", "inner (Sequential)", "add (Add)")]
    assert chain == sorted(chain) and len(set(chain)) == len(chain)
    assert len(list(root.iter(f"{SVG}polyline"))) == 8
    width, height = float(root.get("width")), float(root.get("height"))
    boxes = [tuple(float(r.get(k)) for k in ("x", "y", "width", "height")) for r in root.iter(f"{SVG}rect")]
    assert all(min(x, y) >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    for i, (x, y, w, h) in enumerate(boxes):
        assert all(x + w <= u or u + v <= x or y + h <= s or s + t <= y for u, s, v, t in boxes[:i]), "boxes overlap"
    drawing.write(path)
    assert path.read_text().startswith("<?xml" if shutil.which("dot") else "<svg")


def test_frames_of_expanded_models_hold_their_boxes():
    root = ElementTree.fromstring(model_to_dot(branched(), expand_nested=True)._repr_svg_())
    frames = [r for r in root.iter(f"{SVG}rect") if r.get("stroke-dasharray")]
    assert len(frames) == 2


def test_a_layer_called_on_its_own_output_is_drawn():
    x = tw.Input((3,))
    dense = tw.layers.Dense(3)
    model = tw.Model(x, dense(tw.layers.ReLU()(dense(x))))
    assert len(list(ElementTree.fromstring(model_to_dot(model).to_svg()).iter(f"{SVG}polyline"))) == 3


def test_files(tmp_path):
    model = branched()
    made = plot_model(model, tmp_path / "m.dot", show_layer_names=True)
    assert (tmp_path / "m.dot").read_text() == made.to_string()
    plot_model(model, None)
    assert [p.name for p in tmp_path.iterdir()] == ["m.dot"]
    with pytest.raises(ValueError, match="rankdir"):
        plot_model(model, None, rankdir="up")
    with pytest.raises(ValueError, match="layer_range"):
        plot_model(model, None, layer_range=("a", "b"))


def test_png_without_graphviz_names_svg(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match=r"model\.svg"):
        plot_model(branched(), tmp_path / "m.png")
    assert not list(tmp_path.iterdir())


def test_source_inputs():
    model = branched()
    assert [t.name for t in get_source_inputs(model.outputs[0])] == ["a", "b"]
    assert [t.name for t in get_source_inputs(model.outputs[1])] == ["a"]
    assert get_source_inputs(model.inputs[0]) == [model.inputs[0]] or get_source_inputs(model.inputs[0])[0] is model.inputs[0]
    lone = tw.KerasTensor((2,))
    assert get_source_inputs(lone)[0] is lone
