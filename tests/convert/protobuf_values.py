"""The values of each kind of field in the stored messages of tests/data/protobuf.json."""

VALUES = {
    "int32": [0, 1, -1, 2**31 - 1, -(2**31)], "int64": [5, -1, 2**63 - 1, -(2**63)], "uint32": [7, 2**32 - 1], "uint64": [8, 2**64 - 1],
    "sint32": [1, -1, 2**31 - 1, -(2**31)], "sint64": [-2, 2**63 - 1, -(2**63)], "bool": [True, False], "fixed32": [2**32 - 1, 3],
    "sfixed32": [-(2**31), 4], "float": [1.5, -0.1, 1e30], "fixed64": [2**64 - 1], "sfixed64": [-(2**63), 9], "double": [0.1, -1e300],
    "string": ["", "a", "hä\n"], "bytes": [b"\0\xff", b""],
}  # fmt: skip
