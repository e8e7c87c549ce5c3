"""Writes tests/data/protobuf.json: messages as Google's protobuf encodes them, in base64. Needs the packages protobuf and tensorflow.

Run: python tests/convert/generate_protobuf.py
"""

import base64
import json
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from protobuf_values import VALUES

TARGET = Path(__file__).parents[1] / "data" / "protobuf.json"


def make_class():
    """Return the class of a message with each kind of field: one value, packed, not packed, and a message, a list and a map of itself."""
    file = descriptor_pb2.FileDescriptorProto(name="all.proto", package="test", syntax="proto3")
    kind = file.message_type.add(name="All")
    numbers = iter(range(1, 100))
    types = descriptor_pb2.FieldDescriptorProto
    for name in VALUES:
        code = getattr(types, f"TYPE_{name.upper()}")
        kind.field.add(name=f"one_{name}", number=next(numbers), type=code, label=types.LABEL_OPTIONAL)
        for packed in (True, False) if name not in ("string", "bytes") else (None,):
            shown = "loose" if packed is False else "all"
            field = kind.field.add(name=f"{shown}_{name}", number=next(numbers), type=code, label=types.LABEL_REPEATED)
            if packed is not None:
                field.options.packed = packed
    kind.field.add(name="inner", number=next(numbers), type=types.TYPE_MESSAGE, type_name=".test.All", label=types.LABEL_OPTIONAL)
    kind.field.add(name="list", number=next(numbers), type=types.TYPE_MESSAGE, type_name=".test.All", label=types.LABEL_REPEATED)
    entry = kind.nested_type.add(name="MapEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=types.TYPE_STRING, label=types.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, type=types.TYPE_MESSAGE, type_name=".test.All", label=types.LABEL_OPTIONAL)
    kind.field.add(name="map", number=1000, type=types.TYPE_MESSAGE, type_name=".test.All.MapEntry", label=types.LABEL_REPEATED)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("test.All"))


def main():
    All = make_class()
    table = {f.number: f.name for f in All.DESCRIPTOR.fields}
    found = {"fields": table, "messages": {"empty": All()}}
    full = All()
    for name in VALUES:
        setattr(full, f"one_{name}", VALUES[name][-1 if name not in ("bytes", "bool") else 0])
        getattr(full, f"all_{name}").extend(VALUES[name])
        if name not in ("string", "bytes"):
            getattr(full, f"loose_{name}").extend(VALUES[name])
    found["messages"]["full"] = full
    nested = All(one_int32=1, inner=All(inner=full), list=[All(one_string="x"), All()])
    nested.map["a"].one_int64 = -5
    nested.map["b"].inner.all_float.extend([0.5])
    found["messages"]["nested"] = nested
    deep = All(one_int32=0)
    for _ in range(99):
        deep = All(inner=deep)
    found["messages"]["deep"] = deep
    found["messages"] = {k: base64.b64encode(m.SerializeToString(deterministic=True)).decode() for k, m in found["messages"].items()}
    TARGET.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
