"""Graphs of lists, tables and variables that TensorFlow builds and answers. Needs TensorFlow."""

import numpy as np
import tensorflow as tf

from .tensorflow_graphs import GRAPHS, array, fed, graph, raw, text, v1

# --- lists ------------------------------------------------------------------------------------------------------------------


@graph("lists")
def tensor_array_ops():
    (x, y), feeds = fed([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [7.0, 8.0])
    made = tf.TensorArray(tf.float32, 2, dynamic_size=True, clear_after_read=False)
    made = made.scatter([2, 0, 3], x).write(1, y)
    pieces = tf.TensorArray(tf.float32, 2, infer_shape=False).split(x, [1, 2])
    return feeds, [made.stack(), made.gather([3, 1]), made.read(2), made.size(), pieces.concat()]


@graph("lists")
def tensor_array_raw():
    (x,), feeds = fed([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    made = raw.TensorArrayV3(size=2, dtype=tf.float32, element_shape=[None, 2], clear_after_read=True)
    flow = raw.TensorArraySplitV3(handle=made.handle, value=x, lengths=tf.constant([2, 1], tf.int64), flow_in=made.flow)
    joined = raw.TensorArrayConcatV3(handle=made.handle, flow_in=flow, dtype=tf.float32)
    with tf.control_dependencies([raw.TensorArrayCloseV3(handle=raw.TensorArrayV3(size=1, dtype=tf.float32).handle)]):
        size = raw.TensorArraySizeV3(handle=made.handle, flow_in=flow)
    return feeds, [joined.value, joined.lengths, size]


@graph("lists")
def tensor_array_zeros():
    (x,), feeds = fed([1.0, 2.0])
    made = raw.TensorArrayV3(size=3, dtype=tf.float32, element_shape=[2])
    flow = raw.TensorArrayWriteV3(handle=made.handle, index=1, value=x, flow_in=made.flow)
    return feeds, [raw.TensorArrayGatherV3(handle=made.handle, indices=[0, 1, 2], flow_in=flow, dtype=tf.float32, element_shape=[2])]


@graph("lists")
def tensor_list_ops():
    (x, y), feeds = fed([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [7.0, 8.0])
    kind = {"element_shape": [2], "element_dtype": tf.float32}
    made = raw.TensorListFromTensor(tensor=x, element_shape=[2])
    changed = raw.TensorListSetItem(input_handle=made, index=1, item=y)
    pushed = raw.TensorListPushBack(input_handle=changed, tensor=y * 2.0)
    popped = raw.TensorListPopBack(input_handle=pushed, **kind)
    resized = raw.TensorListResize(input_handle=made, size=5)
    reserved = raw.TensorListReserve(num_elements=3, element_shape=[2], element_dtype=tf.float32)
    stacks = [raw.TensorListStack(input_handle=handle, **kind) for handle in (made, changed, pushed, popped.output_handle, resized)]
    return feeds, [
        *stacks, popped.tensor,
        raw.TensorListLength(input_handle=pushed), raw.TensorListGetItem(input_handle=changed, index=1, **kind),
        raw.TensorListGather(input_handle=made, indices=[2, 0, 2], **kind),
        raw.TensorListGetItem(input_handle=reserved, index=2, **kind),
        raw.TensorListElementShape(input_handle=made, shape_type=tf.int32),
    ]  # fmt: skip


@graph("lists")
def tensor_list_scatter():
    (x,), feeds = fed([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    kind = {"element_shape": [2], "element_dtype": tf.float32}
    made = [
        raw.TensorListScatter(tensor=x, indices=[2, 0, 1], element_shape=[2]),
        raw.TensorListScatterV2(tensor=x, indices=[4, 0, 1], element_shape=[2], num_elements=6),
        raw.TensorListScatterV2(tensor=x, indices=[3, 0, 1], element_shape=[-1], num_elements=-1),
        raw.TensorListScatterIntoExistingList(
            input_handle=raw.TensorListReserve(num_elements=4, element_shape=[2], element_dtype=tf.float32), tensor=x, indices=[3, 2, 1]
        ),
    ]
    return feeds, [raw.TensorListStack(input_handle=handle, **kind) for handle in made]


@graph("lists")
def tensor_list_joined():
    (x,), feeds = fed([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    made = raw.TensorListSplit(tensor=x, element_shape=[-1, 2], lengths=tf.constant([1, 2], tf.int64))
    one = raw.TensorListConcat(input_handle=made, element_dtype=tf.float32, element_shape=[None, 2])
    two = raw.TensorListConcatV2(input_handle=made, element_shape=[-1, 2], leading_dims=tf.constant([], tf.int64), element_dtype=tf.float32)
    part = raw.TensorListSetItem(
        input_handle=raw.TensorListReserve(num_elements=3, element_shape=[-1, 2], element_dtype=tf.float32), index=1, item=x
    )
    three = raw.TensorListConcatV2(
        input_handle=part, element_shape=[-1, 2], leading_dims=tf.constant([1, 0, 2], tf.int64), element_dtype=tf.float32
    )
    return feeds, [*one, *two, *three]


@graph("lists")
def tensor_list_empty():
    (x,), feeds = fed([1.0, 2.0])
    made = raw.EmptyTensorList(element_shape=[2], max_num_elements=-1, element_dtype=tf.float32)
    pushed = raw.TensorListPushBack(input_handle=made, tensor=x)
    kind = {"element_shape": [2], "element_dtype": tf.float32}
    words = raw.TensorListReserve(num_elements=2, element_shape=tf.constant([], tf.int32), element_dtype=tf.string)
    words = raw.TensorListSetItem(input_handle=words, index=0, item=tf.constant("word"))
    return feeds, [
        raw.TensorListStack(input_handle=made, **kind), raw.TensorListStack(input_handle=pushed, **kind),
        raw.TensorListLength(input_handle=made),
        raw.TensorListStack(input_handle=words, element_shape=tf.constant([], tf.int32), element_dtype=tf.string),
    ]  # fmt: skip


# --- tables and variables ---------------------------------------------------------------------------------------------------


def _table(keys, values, wanted, default):
    def build():
        words, key_type = np.asarray(wanted), tf.constant(keys).dtype
        words = words.astype(object if key_type == tf.string else key_type.as_numpy_dtype)
        holder = v1.placeholder(key_type, words.shape)
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), default)
        return {holder: words}, [table.lookup(holder), table.size()], v1.tables_initializer()

    return build


GRAPHS["tables"] |= {
    "words to numbers": _table(["a", "bb", "ü"], [10, 20, 30], [["ü", "a"], ["?", "bb"]], -1),
    "numbers to words": _table([5, 6, -7], ["five", "six", "minus seven"], [6, 5, 9, -7], "none"),
    "numbers to floats": _table([1, 2], [0.5, 1.5], [2, 2, 3], -1.0),
    "words to words": _table(["x"], ["ex"], [], ""),
}


def _raw_table(table, initialize, find, size):
    def build():
        words = text("b", "c")
        holder = v1.placeholder(tf.string, [2])
        made = table(key_dtype=tf.string, value_dtype=tf.int64, shared_name=f"shared_{table.__name__}")
        first = initialize(table_handle=made, keys=tf.constant(["a", "b"]), values=tf.constant([1, 2], tf.int64))
        return (
            {holder: words},
            [find(table_handle=made, keys=holder, default_value=tf.constant(-5, tf.int64)), size(table_handle=made)],
            first,
        )

    return build


GRAPHS["tables"] |= {
    "first ops": _raw_table(raw.HashTable, raw.InitializeTable, raw.LookupTableFind, raw.LookupTableSize),
    "second ops": _raw_table(raw.HashTableV2, raw.InitializeTableV2, raw.LookupTableFindV2, raw.LookupTableSizeV2),
    "first import": _raw_table(raw.MutableHashTable, raw.LookupTableImport, raw.LookupTableFind, raw.LookupTableSize),
    "second import": _raw_table(raw.MutableHashTableV2, raw.LookupTableImportV2, raw.LookupTableFindV2, raw.LookupTableSizeV2),
    "insert": _raw_table(raw.MutableHashTableV2, raw.LookupTableInsertV2, raw.LookupTableFindV2, raw.LookupTableSizeV2),
    "first insert": _raw_table(raw.MutableHashTable, raw.LookupTableInsert, raw.LookupTableFind, raw.LookupTableSize),
}


@graph("tables")
def mutable_table_of_rows():
    holder = v1.placeholder(tf.int32, [3])
    table = raw.MutableHashTableOfTensorsV2(key_dtype=tf.int32, value_dtype=tf.float32, value_shape=[2], shared_name="rows")
    first = raw.LookupTableInsertV2(
        table_handle=table, keys=tf.constant([1, 2, 3]), values=tf.constant([[1.0, 2.0], [3.0, 4.0], [9.0, 9.0]])
    )
    second = raw.LookupTableRemoveV2(table_handle=table, keys=tf.constant([3, 4]))
    found = raw.LookupTableFindV2(table_handle=table, keys=holder, default_value=tf.constant([-1.0, -2.0]))
    with tf.control_dependencies([found]):
        third = tf.sort(raw.LookupTableExportV2(table_handle=table, Tkeys=tf.int32, Tvalues=tf.float32).keys)
    return {holder: array(2, 3, 1, dtype=np.int32)}, [found, raw.LookupTableSizeV2(table_handle=table), third], first, second


@graph("tables")
def variables():
    (x,), feeds = fed([[1.0, 2.0], [3.0, 4.0]])
    made = raw.VarHandleOp(dtype=tf.float32, shape=[2, 2], shared_name="weights")
    read = raw.ReadVariableOp(resource=made, dtype=tf.float32)
    rows = raw.ResourceGather(resource=made, indices=[1, 0, 1], dtype=tf.float32)
    first = raw.AssignVariableOp(resource=made, value=tf.constant([[1.0, 1.0], [2.0, 2.0]]))
    second = raw.AssignAddVariableOp(resource=made, value=tf.constant([[0.5, 0.5], [0.5, 0.5]]))
    third = raw.AssignSubVariableOp(resource=made, value=tf.constant([[0.0, 1.0], [0.0, 1.0]]))
    there = [raw.VarIsInitializedOp(resource=r) for r in (made, raw.VarHandleOp(dtype=tf.float32, shape=[], shared_name="other"))]
    return feeds, [tf.matmul(x, read), rows, raw.VariableShape(input=made), *there], first, second, third
