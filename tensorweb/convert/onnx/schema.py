"""ONNX's messages as tables for `convert.protobuf`, its numbers of dtypes, and the domains of ops. No reading here."""

from __future__ import annotations

from ..protobuf import Schema

SCHEMA = Schema({
    "ModelProto": {
        1: "int64 ir_version", 2: "string producer_name", 3: "string producer_version", 4: "string domain", 5: "int64 model_version",
        6: "string doc_string", 7: "GraphProto graph", 8: "repeated OperatorSetIdProto opset_import",
        14: "repeated StringStringEntryProto metadata_props", 25: "repeated FunctionProto functions",
    },
    "OperatorSetIdProto": {1: "string domain", 2: "int64 version"},
    "StringStringEntryProto": {1: "string key", 2: "string value"},
    "GraphProto": {
        1: "repeated NodeProto node", 2: "string name", 5: "repeated TensorProto initializer", 10: "string doc_string",
        11: "repeated ValueInfoProto input", 12: "repeated ValueInfoProto output", 13: "repeated ValueInfoProto value_info",
        15: "repeated SparseTensorProto sparse_initializer",
    },
    "NodeProto": {
        1: "repeated string input", 2: "repeated string output", 3: "string name", 4: "string op_type", 6: "string doc_string",
        5: "repeated AttributeProto attribute", 7: "string domain", 8: "string overload",
    },
    "AttributeProto": {
        1: "string name", 2: "float f", 3: "int64 i", 4: "bytes s", 5: "TensorProto t", 6: "GraphProto g", 7: "repeated float floats",
        8: "repeated int64 ints", 9: "repeated bytes strings", 10: "repeated TensorProto tensors", 11: "repeated GraphProto graphs",
        20: "int32 type", 21: "string ref_attr_name",
    },
    "TensorProto": {
        1: "repeated int64 dims", 2: "int32 data_type", 4: "repeated float float_data", 5: "repeated int32 int32_data",
        6: "repeated bytes string_data", 7: "repeated int64 int64_data", 8: "string name", 9: "bytes raw_data",
        10: "repeated double double_data", 11: "repeated uint64 uint64_data", 13: "repeated StringStringEntryProto external_data",
        14: "int32 data_location",
    },
    "SparseTensorProto": {1: "TensorProto values", 2: "TensorProto indices", 3: "repeated int64 dims"},
    "ValueInfoProto": {1: "string name", 2: "TypeProto type", 3: "string doc_string"},
    "TypeProto": {1: "TensorType tensor_type", 4: "OtherType sequence_type", 5: "OtherType map_type", 9: "OtherType optional_type"},
    "TensorType": {1: "int32 elem_type", 2: "TensorShapeProto shape"},
    "OtherType": {},
    "TensorShapeProto": {1: "repeated Dimension dim"},
    "Dimension": {1: "int64 dim_value", 2: "string dim_param"},
    "FunctionProto": {
        1: "string name", 4: "repeated string input", 5: "repeated string output", 6: "repeated string attribute",
        7: "repeated NodeProto node", 9: "repeated OperatorSetIdProto opset_import", 10: "string domain",
        11: "repeated AttributeProto attribute_proto", 13: "string overload",
    },
})  # fmt: skip

# TensorProto.DataType -> TensorFlow's name.
DTYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool", 10: "float16",
    11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 16: "bfloat16", 21: "uint4", 22: "int4",
}  # fmt: skip

# dtype -> the range that its integers have; arithmetic here is that of int32.
RANGES = {
    "int4": (-8, 7), "uint4": (0, 15), "int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "uint16": (0, 65535),
    "int32": (-(2**31), 2**31 - 1), "int64": (-(2**31), 2**31 - 1), "uint32": (0, 2**31 - 1), "uint64": (0, 2**31 - 1),
}  # fmt: skip

# The kinds of attributes: AttributeProto.type -> the field that has the value.
ATTRIBUTES = {1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings", 9: "tensors", 10: "graphs"}

STANDARD = ""
ML = "ai.onnx.ml"
MICROSOFT = "com.microsoft"
DOMAINS = {"": STANDARD, "ai.onnx": STANDARD, ML: ML, MICROSOFT: MICROSOFT}
