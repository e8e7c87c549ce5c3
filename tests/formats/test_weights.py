"""Weights as TensorFlow.js encodes and decodes them (tests/data/tfjs_weights.json, written by generate_tfjs.mjs), both ways."""

import asyncio
import base64
import json
import math
import struct
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, FormatError, TensorWebError

DATA = json.loads((Path(__file__).parents[1] / "data" / "tfjs_weights.json").read_text())
SETS = DATA["encoded"]


def flat(t):
    values = t.data_sync()
    values = [part for v in values for part in (v.real, v.imag)] if t.dtype == "complex64" else list(values)
    return values


def plain(values):
    return [float(v.replace("Infinity", "inf")) if v in ("NaN", "Infinity", "-Infinity") else v for v in values]


def same(a, b):
    return len(a) == len(b) and all(x == y or (x != x and y != y) for x, y in zip(a, b))


@pytest.mark.parametrize("name", SETS)
def test_what_tfjs_encodes_is_read(backend, name):
    case = SETS[name]
    found = tw.io.decode_weights(base64.b64decode(case["data"]), case["specs"])
    assert list(found) == [s["name"] for s in case["specs"]]
    for spec in case["specs"]:
        t = found[spec["name"]]
        assert (t.dtype, list(t.shape)) == (spec["dtype"], spec["shape"])
        assert same(flat(t), plain(case["values"][spec["name"]]))


@pytest.mark.parametrize("name", SETS)
def test_the_same_bytes_and_specs_come_out(backend, name):
    case = SETS[name]
    tensors = tw.io.decode_weights(base64.b64decode(case["data"]), case["specs"])
    data, specs = tw.io.encode_weights(tensors, case["specs"][0].get("group"))
    assert data == base64.b64decode(case["data"])
    assert specs == case["specs"]


@pytest.mark.parametrize("case", DATA["quantised"], ids=lambda c: "{dtype}-{quantization[dtype]}".format(**c["spec"]))
def test_quantised_weights_are_what_tfjs_makes_of_them(backend, case):
    found = tw.io.decode_weights(base64.b64decode(case["data"]), [case["spec"]])["x"]
    assert found.dtype == case["spec"]["dtype"]
    expected = base64.b64decode(case["values"])
    code = "f" if found.dtype == "float32" else "i"
    assert same(flat(found), list(memoryview(expected).cast(code)))


def test_long_quantised_weights_go_by_the_table():
    numbers = bytes(range(256)) * 300
    spec = {"name": "x", "shape": [300, 256], "dtype": "float32", "quantization": {"dtype": "uint8", "scale": 0.1, "min": -12.8}}
    found = tw.io.decode_weights(numbers, [spec])["x"]
    row = tw.io.decode_weights(numbers[:256], [{**spec, "shape": [256]}])["x"].tolist()
    assert found.tolist() == [row] * 300
    words = struct.pack("<70000H", *(i % 65536 for i in range(70000)))
    how = {"dtype": "uint16", "scale": 2, "min": -7}
    found = tw.io.decode_weights(words, [{"name": "x", "shape": [70000], "dtype": "int32", "quantization": how}])["x"]
    assert found.tolist() == [2 * (i % 65536) - 7 for i in range(70000)]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_cut_anywhere_the_weights_are_the_same(step):
    for case in SETS.values():
        data = base64.b64decode(case["data"])
        parts = [data[i : i + step] for i in range(0, len(data), step)]
        whole = tw.io.decode_weights(data, case["specs"])
        joined = tw.io.decode_weights(parts, case["specs"])
        streamed = tw.io.decode_weights_stream(iter(parts), case["specs"])
        for name, t in whole.items():
            assert same(flat(joined[name]), flat(t)) and same(flat(streamed[name]), flat(t))


def test_asynchronous_twins():
    case = SETS["numbers"]
    data = base64.b64decode(case["data"])

    async def parts():
        for i in range(0, len(data), 5):
            await asyncio.sleep(0)
            yield data[i : i + 5]

    async def main():
        found = await tw.io.decode_weights_stream_async(parts(), case["specs"])
        plainly = await tw.io.decode_weights_stream_async([data], case["specs"])
        return found, plainly, await tw.io.encode_weights_async(found)

    found, plainly, (encoded, specs) = asyncio.run(main())
    assert (encoded, specs) == (data, case["specs"])
    assert plainly["steps"].tolist() == found["steps"].tolist()
    with pytest.raises(ArgumentError, match="_async"):
        tw.io.decode_weights_stream(parts(), case["specs"])


def test_every_truncation_is_an_error():
    for case in SETS.values():
        data, specs = base64.b64decode(case["data"]), case["specs"]
        for n in range(len(data)):
            with pytest.raises(FormatError):
                tw.io.decode_weights(data[:n], specs)
            with pytest.raises(FormatError):
                tw.io.decode_weights_stream([data[:n]], specs)
        for decode in (tw.io.decode_weights, tw.io.decode_weights_stream):
            with pytest.raises(FormatError):
                decode([data, b"\0"], specs)


X = {"name": "x", "shape": [2], "dtype": "float32"}
Q8 = {"dtype": "uint8", "scale": 1.0, "min": 0.0}


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [-1]}, {"shape": [2.0]}, {"shape": [True]}, {"shape": None}, {"shape": "2"}, {"shape": [3]}, {"shape": [1]},
        {"shape": [2**31]}, {"shape": [2**62, 2**62]}, {"shape": [0, 2**62]}, {"shape": [0, 2**31 - 1, 2**31 - 1, 2**31 - 1]},
        {"shape": [10**400]}, {"shape": [1] * 100}, {"shape": [65536, 65536]}, {"dtype": "float64"}, {"dtype": None}, {"dtype": []},
        {"name": None}, {"name": 3}, {"dtype": "string"}, {"dtype": "string", "shape": [2**31 - 1]}, {"quantization": 3},
        {"quantization": {}}, {"quantization": {**Q8, "dtype": "uint4"}}, {"quantization": {**Q8, "scale": None}},
        {"quantization": {**Q8, "scale": math.inf}}, {"quantization": {**Q8, "min": math.nan}}, {"quantization": {**Q8, "min": 10**400}},
        {"quantization": {**Q8, "scale": "1"}}, {"quantization": {"dtype": "uint8"}}, {"dtype": "bool", "quantization": Q8},
        {"dtype": "int32", "quantization": {"dtype": "float16"}}, {"dtype": "string", "quantization": Q8},
        {"dtype": "int32", "shape": [8], "quantization": {**Q8, "scale": 1e300}},
        {"dtype": "int32", "shape": [8], "quantization": {**Q8, "min": 2.0**31 + 8}},
    ],
    ids=str,
)  # fmt: skip
def test_damaged_specs_are_errors_before_anything_is_allocated(backend, change):
    data = b"\1\0\0\0" * 2
    assert tw.io.decode_weights(data, [X])["x"].shape == (2,)
    with pytest.raises(FormatError):
        tw.io.decode_weights(data, [{**X, **change}])


def test_names_twice_and_things_that_are_no_specs():
    for specs in ([X, X], None, {}, [None], ["x"], 3):
        with pytest.raises(FormatError):
            tw.io.decode_weights(bytes(16), specs)
    with pytest.raises(TensorWebError):
        tw.io.decode_weights("text", [X])


def test_encoding_takes_what_names_tensors(backend):
    v = tw.Variable([1.0, 2.0], name="v")
    data, specs = tw.io.encode_weights([("a", [1, 2]), {"name": "b", "tensor": tw.tensor(True)}, v])
    assert [(s["name"], s["dtype"]) for s in specs] == [("a", "int32"), ("b", "bool"), ("v", "float32")]
    assert tw.io.decode_weights(data, specs)["v"].tolist() == [1.0, 2.0]
    for wrong in ([("a", 1), ("a", 2)], {"": 1}, {3: 1}):
        with pytest.raises(ArgumentError):
            tw.io.encode_weights(wrong)


def test_narrow_dtypes_are_stored_as_tfjs_reads_them(backend):
    half = tw.cast(tw.tensor([1.0, 65504.0, 1e-7, -math.inf]), "float16")
    data, specs = tw.io.encode_weights({"h": half, "b": tw.cast(tw.tensor([1, 255]), "uint8"), "i": tw.cast(tw.tensor([-128]), "int8")})
    assert [(s["dtype"], s.get("quantization", {}).get("dtype")) for s in specs] == [
        ("float32", "float16"), ("int32", None), ("int32", None),
    ]  # fmt: skip
    found = tw.io.decode_weights(data, specs)
    assert found["h"].tolist() == half.tolist() and found["b"].tolist() == [1, 255] and found["i"].tolist() == [-128]


def test_bytes_that_are_no_text_stay_bytes(backend):
    data, specs = tw.io.encode_weights({"s": tw.tensor([b"\xff\xfe", b"a"])})
    assert tw.io.decode_weights(data, specs)["s"].tolist() == [b"\xff\xfe", b"a"]
    with pytest.raises(ArgumentError, match="surrogates"):
        tw.io.encode_weights({"s": tw.tensor(["\ud800"])})


def test_bool_bytes_other_than_one_are_true(backend):
    assert tw.io.decode_weights(bytes([0, 1, 2, 255]), [{"name": "x", "shape": [4], "dtype": "bool"}])["x"].tolist() == [
        False, True, True, True,
    ]  # fmt: skip


@pytest.mark.usefixtures("nothing_left")
def test_a_failed_decode_leaves_no_tensors():
    before = tw.memory().num_tensors
    with pytest.raises(FormatError):
        tw.io.decode_weights(bytes(12), [X, {**X, "name": "y"}])
    assert tw.memory().num_tensors == before


def test_composite_buffers():
    whole = tw.io.CompositeArrayBuffer([b"abc", b"", memoryview(b"de"), bytearray(b"f")])
    for start in range(-7, 8):
        for end in (*range(-7, 8), None):
            assert bytes(whole.slice(start, end)) == b"abcdef"[start:end]
    assert tw.io.concatenate_array_buffers([b"a", struct.pack("<f", 1)]) == b"a\0\0\x80?"
    assert tw.io.CompositeArrayBuffer.join(None) == b"" and tw.io.CompositeArrayBuffer(b"ab").byte_length == 2
    for wrong in ("text", [3], object()):
        with pytest.raises(TensorWebError):
            tw.io.CompositeArrayBuffer(wrong)


def test_factory_and_specs_of_a_manifest():
    manifest = [
        {"paths": ["a1", "a2"], "weights": [{**X, "name": "a"}, {**X, "name": "b"}]},
        {"paths": ["c"], "weights": [{**X, "name": "c"}]},
    ]
    assert [s["name"] for s in tw.io.get_weight_specs(manifest)] == ["a", "b", "c"]
    stored = {"dir/a1": struct.pack("<ff", 1, 2), "dir/a2": struct.pack("<ff", 3, 4), "dir/c": struct.pack("<ff", 5, 6)}
    asked = []

    def fetch(places):
        asked.append(places)
        return [stored[p] for p in places]

    load = tw.io.weights_loader_factory(fetch)
    assert {k: v.tolist() for k, v in load(manifest, "dir").items()} == {"a": [1, 2], "b": [3, 4], "c": [5, 6]}
    assert {k: v.tolist() for k, v in load(manifest, "dir/", ["b"]).items()} == {"b": [3, 4]}
    assert asked == [["dir/a1", "dir/a2", "dir/c"], ["dir/a1", "dir/a2"]]
    with pytest.raises(ArgumentError, match="nope"):
        load(manifest, "dir", ["nope"])
    with pytest.raises(FormatError):
        tw.io.weights_loader_factory(lambda places: [b""])(manifest, "dir")
