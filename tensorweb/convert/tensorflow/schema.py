"""The messages of TensorFlow's files as far as readers need them: graphs, SavedModels, checkpoints. Names and numbers are TensorFlow's."""

from ..protobuf import Schema

_GRAPH = {
    "GraphDef": {1: "repeated NodeDef node", 2: "FunctionDefLibrary library"},
    "NodeDef": {1: "string name", 2: "string op", 3: "repeated string input", 5: "map<string, AttrValue> attr"},
    "AttrValue": {
        1: "AttrList list", 2: "bytes s", 3: "int64 i", 4: "float f", 5: "bool b", 6: "int32 type", 7: "TensorShapeProto shape",
        8: "TensorProto tensor", 9: "string placeholder", 10: "NameAttrList func",
    },
    "AttrList": {
        2: "repeated bytes s", 3: "repeated int64 i", 4: "repeated float f", 5: "repeated bool b", 6: "repeated int32 type",
        7: "repeated TensorShapeProto shape", 8: "repeated TensorProto tensor", 9: "repeated NameAttrList func",
    },
    "NameAttrList": {1: "string name", 2: "map<string, AttrValue> attr"},
    "TensorShapeProto": {2: "repeated Dim dim", 3: "bool unknown_rank"},
    "Dim": {1: "int64 size", 2: "string name"},
    "TensorProto": {
        1: "int32 dtype", 2: "TensorShapeProto tensor_shape", 4: "bytes tensor_content", 5: "repeated float float_val",
        6: "repeated double double_val", 7: "repeated int32 int_val", 8: "repeated bytes string_val", 9: "repeated float scomplex_val",
        10: "repeated int64 int64_val", 11: "repeated bool bool_val", 12: "repeated double dcomplex_val", 13: "repeated int32 half_val",
        16: "repeated uint32 uint32_val", 17: "repeated uint64 uint64_val",
    },
    "FunctionDefLibrary": {1: "repeated FunctionDef function"},
    "FunctionDef": {
        1: "OpDef signature", 3: "repeated NodeDef node_def", 4: "map<string, string> ret", 6: "map<string, string> control_ret",
        7: "map<uint32, ArgAttrs> arg_attr",
    },
    "ArgAttrs": {1: "map<string, AttrValue> attr"},
    "OpDef": {1: "string name", 2: "repeated ArgDef input_arg", 3: "repeated ArgDef output_arg"},
    "ArgDef": {1: "string name", 3: "int32 type", 4: "string type_attr", 5: "string number_attr", 6: "string type_list_attr"},
}  # fmt: skip

_SAVED_MODEL = {
    "SavedModel": {1: "int64 saved_model_schema_version", 2: "repeated MetaGraphDef meta_graphs"},
    "MetaGraphDef": {
        1: "MetaInfoDef meta_info_def", 2: "GraphDef graph_def", 3: "SaverDef saver_def", 4: "map<string, CollectionDef> collection_def",
        5: "map<string, SignatureDef> signature_def", 6: "repeated AssetFileDef asset_file_def", 7: "SavedObjectGraph object_graph_def",
    },
    "MetaInfoDef": {4: "repeated string tags", 5: "string tensorflow_version"},
    "SaverDef": {1: "string filename_tensor_name", 2: "string save_tensor_name", 3: "string restore_op_name"},
    "CollectionDef": {1: "NodeList node_list", 5: "AnyList any_list"},
    "AnyList": {1: "repeated Any value"},
    "Any": {1: "string type_url", 2: "bytes value"},
    "NodeList": {1: "repeated string value"},
    "SignatureDef": {1: "map<string, TensorInfo> inputs", 2: "map<string, TensorInfo> outputs", 3: "string method_name"},
    "TensorInfo": {
        1: "string name", 2: "int32 dtype", 3: "TensorShapeProto tensor_shape", 4: "CooSparse coo_sparse",
        5: "CompositeTensor composite_tensor",
    },
    "CooSparse": {1: "string values_tensor_name", 2: "string indices_tensor_name", 3: "string dense_shape_tensor_name"},
    "CompositeTensor": {2: "repeated TensorInfo components"},
    "AssetFileDef": {1: "TensorInfo tensor_info", 2: "string filename"},
    "SavedObjectGraph": {1: "repeated SavedObject nodes", 2: "map<string, SavedConcreteFunction> concrete_functions"},
    "SavedObject": {
        1: "repeated ObjectReference children", 5: "SavedAsset asset", 6: "SavedFunction function", 7: "SavedVariable variable",
        8: "SavedBareConcreteFunction bare_concrete_function", 9: "SavedConstant constant", 10: "SavedResource resource",
        12: "CapturedTensor captured_tensor",
    },
    "ObjectReference": {1: "int32 node_id", 2: "string local_name"},
    "SavedAsset": {1: "int32 asset_file_def_index"},
    "SavedFunction": {1: "repeated string concrete_functions"},
    "SavedVariable": {1: "int32 dtype", 2: "TensorShapeProto shape", 6: "string name"},
    "SavedBareConcreteFunction": {1: "string concrete_function_name", 2: "repeated string argument_keywords"},
    "SavedConstant": {1: "string operation"},
    "SavedResource": {1: "string device"},
    "CapturedTensor": {1: "string name", 2: "string concrete_function"},
    "SavedConcreteFunction": {2: "repeated int32 bound_inputs", 3: "StructuredValue canonicalized_input_signature"},
    "StructuredValue": {14: "bool bool_value", 51: "Values list_value", 52: "Values tuple_value", 53: "DictValue dict_value"},
    "Values": {1: "repeated StructuredValue values"},
    "DictValue": {1: "map<string, StructuredValue> fields"},
}  # fmt: skip

_CHECKPOINT = {
    "BundleHeaderProto": {1: "int32 num_shards", 2: "int32 endianness"},
    "BundleEntryProto": {
        1: "int32 dtype", 2: "TensorShapeProto shape", 3: "int32 shard_id", 4: "int64 offset", 5: "int64 size", 6: "fixed32 crc32c",
        7: "repeated TensorSliceProto slices",
    },
    "TensorSliceProto": {1: "repeated Extent extent"},
    "Extent": {1: "int64 start", 2: "int64 length"},
    "TrackableObjectGraph": {1: "repeated TrackableObject nodes"},
    "TrackableObject": {1: "repeated ObjectReference children", 2: "repeated SerializedTensor attributes"},
    "SerializedTensor": {1: "string name", 2: "string full_name", 3: "string checkpoint_key"},
}  # fmt: skip

SCHEMA = Schema({**_GRAPH, **_SAVED_MODEL, **_CHECKPOINT})
