"""Protocol buffers' wire format against bytes that Google's library wrote (generate_protobuf.py), and against damaged ones."""

import base64
import json
import random
import struct
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tensorweb.convert.protobuf import MAX_DEPTH, Schema, decode, encode, encode_parts, fields_of, map_file
from tensorweb.errors import ArgumentError, FormatError
from tests.convert.protobuf_values import VALUES

STORED = json.loads((Path(__file__).parents[1] / "data" / "protobuf.json").read_text())
BYTES = {name: base64.b64decode(text) for name, text in STORED["messages"].items()}


def line(name):
    part, _, kind = name.partition("_")
    if part in ("inner", "list", "map"):
        return {"inner": "All inner", "list": "repeated All list", "map": "map<string, All> map"}[part]
    return f"{'' if part == 'one' else 'repeated '}{kind} {name}"


SCHEMA = Schema({"All": {int(number): line(name) for number, name in STORED["fields"].items()}})


def plain(value):
    """Return a message as dicts and lists."""
    if hasattr(value, "_type_"):
        return {k: plain(v) for k, v in fields_of(value).items()}
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, memoryview):
        return bytes(value)
    return [plain(v) for v in value] if not isinstance(value, (str, bytes, int, float)) else value


# --- what is whole ---


def test_all_kinds_of_fields_are_read():
    found = decode(SCHEMA, "All", BYTES["full"])
    for kind, values in VALUES.items():
        wanted = [struct.unpack("<f", struct.pack("<f", v))[0] for v in values] if kind == "float" else values
        assert plain(getattr(found, f"all_{kind}")) == wanted, kind
        assert plain(getattr(found, f"one_{kind}")) == wanted[0 if kind in ("bytes", "bool") else -1], kind
        if kind not in ("string", "bytes"):
            assert plain(getattr(found, f"loose_{kind}")) == wanted, kind


def test_nested_messages_and_maps_are_read():
    found = decode(SCHEMA, "All", BYTES["nested"])
    assert found.inner.inner.one_int64 == -(2**63)
    assert [each.one_string for each in found.list] == ["x", ""]
    assert found.map["a"].one_int64 == -5
    assert list(found.map["b"].inner.all_float) == [0.5]


def test_absent_fields_read_as_defaults():
    found = decode(SCHEMA, "All", b"")
    assert (found.one_int32, found.one_float, found.one_bool, found.one_string, found.one_bytes) == (0, 0.0, False, "", b"")
    assert (list(found.all_int64), found.list, found.map, found.inner.inner.one_int32) == ([], [], {}, 0)
    assert "inner" not in found
    assert "one_int32" not in found
    with pytest.raises(AttributeError):
        found.missing  # noqa: B018


@pytest.mark.parametrize("name", BYTES)
def test_what_was_read_is_written_again(name):
    found = decode(SCHEMA, "All", BYTES[name])
    data = encode(SCHEMA, "All", found)
    assert plain(decode(SCHEMA, "All", data)) == plain(found)
    if name in ("empty", "deep"):  # of the others some repeated fields are written packed that were not
        assert data == BYTES[name]


def test_bytes_are_views_and_parts_are_not_copied(tmp_path):
    big = bytes(1 << 16)
    (tmp_path / "m").write_bytes(encode(SCHEMA, "All", {"inner": {"one_bytes": big}}))
    found = decode(SCHEMA, "All", map_file(tmp_path / "m")).inner.one_bytes
    assert isinstance(found, memoryview)
    assert found == big
    assert any(part.obj is big for part in encode_parts(SCHEMA, "All", {"one_bytes": big}) if isinstance(part, memoryview))
    (tmp_path / "empty").write_bytes(b"")
    assert len(map_file(tmp_path / "empty")) == 0


def test_unknown_fields_are_skipped_groups_too():
    group = bytes([2000 << 3 & 127 | 3 | 128, 2000 >> 4, 8, 5, 2000 << 3 & 127 | 4 | 128, 2000 >> 4])
    for extra in (b"\xfa\x7d\x02ab", b"\xf8\x7d\x07", b"\xfd\x7d1234", b"\xf9\x7d12345678", group):
        found = decode(SCHEMA, "All", extra + encode(SCHEMA, "All", {"one_int32": 3}) + extra)
        assert plain(found) == {"one_int32": 3}


def test_a_field_that_is_there_twice_is_merged():
    twice = encode(SCHEMA, "All", {"inner": {"one_int32": 1}}) + encode(SCHEMA, "All", {"inner": {"one_string": "x"}})
    assert plain(decode(SCHEMA, "All", twice)) == {"inner": {"one_int32": 1, "one_string": "x"}}


def test_unknown_names_are_not_written():
    with pytest.raises(ArgumentError, match="fields among"):
        encode(SCHEMA, "All", {"missing": 1})


# --- what is damaged ---


def number_of(name):
    return int(next(number for number, each in STORED["fields"].items() if each == name))


def tagged(name, wire, rest):
    return encode(Schema({"Tag": {1: "repeated int32 v"}}), "Tag", {"v": [number_of(name) << 3 | wire]})[2:] + rest


def nested_data(depth):
    data = b""
    for _ in range(depth):
        data = encode(Schema({"M": {number_of("inner"): "bytes inner"}}), "M", {"inner": data})
    return data


DAMAGED = {
    "a varint that does not end": tagged("one_int64", 0, b"\x80\x80"), "a varint of 11 bytes": tagged("one_int64", 0, b"\x80" * 10 + b"\1"),
    "a varint of 70 bits": tagged("one_uint64", 0, b"\xff" * 9 + b"\x7f"), "a wrong wire type": tagged("one_int32", 5, b"1234"),
    "text as a number": tagged("one_string", 0, b"\1"), "a number as text": tagged("one_float", 2, b"\x041234"),
    "a length beyond the end": tagged("one_bytes", 2, b"\x05ab"), "a huge length": tagged("one_bytes", 2, b"\xff\xff\xff\xff\x7f"),
    "a message beyond the end": tagged("inner", 2, b"\x7fab"), "packed numbers beyond the end": tagged("all_int32", 2, b"\x7f\1"),
    "packed floats of 3 bytes": tagged("all_float", 2, b"\x03abc"), "half a float": tagged("one_float", 5, b"12"),
    "text that is no UTF-8": tagged("one_string", 2, b"\x02\xff\xfe"), "a field 0": b"\0\0", "an unknown wire type": b"\xfe\x7d",
    "the end of no group": b"\xfc\x7d", "groups without an end": b"\xfb\x7d" * 50, "groups too deep": b"\xfb\x7d" * 5000,
    "messages too deep": nested_data(MAX_DEPTH + 1), "messages far too deep": nested_data(3000),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGED)
def test_damage_is_refused(what):
    with pytest.raises(FormatError, match=r"some\.pb"):
        decode(SCHEMA, "All", DAMAGED[what], "some.pb")


def test_messages_may_be_as_deep_as_the_limit():
    assert "inner" in decode(SCHEMA, "All", nested_data(MAX_DEPTH))


def test_any_prefix_and_any_change_is_read_or_refused():
    generator, count, start = random.Random(1), 0, time.monotonic()
    for data in BYTES.values():
        cut = [data[:end] for end in range(len(data))]
        for changed in cut + [mutated(data, generator) for _ in range(500)]:
            count += 1
            with suppress(FormatError):
                decode(SCHEMA, "All", changed)
    print(f"{count} inputs in {time.monotonic() - start:.1f} s")


def mutated(data, generator):
    changed = bytearray(data)
    for _ in range(generator.randint(1, 4) if data else 0):
        changed[generator.randrange(len(changed))] = generator.choice([0, 1, 127, 128, 255, generator.randrange(256)])
    return bytes(changed)
