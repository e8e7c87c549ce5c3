"""Wrong input to losses, normalizations, attention and cells; and what their oracle cases cannot say."""

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, DTypeError, ShapeError

Z = tw.zeros
LOSSES = tw.tfjs.losses
sparse = tw.sparse_categorical_crossentropy


def attention(q=(1, 2, 2, 3), k=(1, 4, 2, 3), v=(1, 4, 2, 3), **options):
    return tw.dot_product_attention(Z(q), Z(k), Z(v), **options)


def ctc(target=(2, 1), output=(2, 3, 4), counts=(2,), frames=(2,), **options):
    return tw.ctc_loss(tw.ones(target, "int32"), Z(output), tw.ones(counts, "int32"), tw.ones(frames, "int32"), **options)


def lstm(kernel=(5, 8), bias=(8,), data=(1, 3), c=(1, 2), h=(1, 2)):
    return tw.basic_lstm_cell(1.0, Z(kernel), Z(bias), Z(data), Z(c), Z(h))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: tw.binary_crossentropy(Z((2,)), Z((3,))), ShapeError, "binary_crossentropy: expected a target and an output of one shape"),
        (lambda: tw.binary_crossentropy(Z((2,)), tw.tensor([1, 2])), DTypeError, "binary_crossentropy: expected a floating output"),
        (lambda: tw.categorical_crossentropy(Z((2, 3)), Z((3, 2))), ShapeError, "categorical_crossentropy: expected"),
        (lambda: tw.categorical_crossentropy(Z((2, 3)), Z((2, 3)), axis=2), ShapeError, "categorical_crossentropy: expected an axis"),
        (lambda: tw.categorical_crossentropy(Z(()), Z(())), ShapeError, "categorical_crossentropy: expected an axis"),
        (lambda: sparse(Z((3,)), Z((2, 3))), ShapeError, "sparse_categorical_crossentropy: expected a target"),
        (lambda: sparse(Z((2, 3)), Z((2, 3))), ShapeError, "sparse_categorical_crossentropy: expected a target"),
        (lambda: sparse(Z((2,)), Z((2, 3)), axis=5), ShapeError, "sparse_categorical_crossentropy: expected an axis"),
        (lambda: ctc(output=(2, 3)), ShapeError, "ctc_loss: expected logits"),
        (lambda: ctc(target=(3, 1)), ShapeError, "ctc_loss: expected a target"),
        (lambda: ctc(frames=(1,)), ShapeError, "ctc_loss: expected a target"),
        (lambda: ctc(mask_index=4), ArgumentError, "ctc_loss: expected a mask_index"),
        (lambda: tw.ctc_decode(Z((2, 3)), [1, 1]), ShapeError, "ctc_decode: expected logits"),
        (lambda: tw.ctc_decode(Z((2, 3, 4)), [1]), ShapeError, "ctc_decode: expected sequence_lengths"),
        (lambda: tw.ctc_decode(Z((1, 3, 4)), [1], "magic"), ArgumentError, "ctc_decode: expected the strategy"),
        (lambda: tw.ctc_decode(Z((1, 3, 4)), [1], "beam_search", 1, 2), ArgumentError, "ctc_decode: expected 1 <= top_paths"),
        (lambda: tw.batch_normalization(Z((2, 3)), Z((2,)), Z((3,)), -1), ShapeError, "batch_normalization: expected"),
        (lambda: tw.batch_normalization(Z((2, 3)), Z((3,)), Z((3,)), 2), ShapeError, "batch_normalization: expected an axis"),
        (lambda: tw.layer_normalization(Z((2, 3)), Z((2,))), ShapeError, "layer_normalization: expected"),
        (lambda: tw.layer_normalization(Z((2, 3)), axis=(1, 1)), ShapeError, "layer_normalization: expected each axis once"),
        (lambda: tw.layer_normalization(Z((2, 3)), axis="x"), ArgumentError, "layer_normalization: expected integers"),
        (lambda: tw.rms_normalization(tw.tensor([1j])), DTypeError, "rms_normalization: expected real numbers"),
        (lambda: tw.rms_normalization(Z((2, 3)), axis=4), ShapeError, "rms_normalization: expected an axis"),
        (lambda: attention(q=(2, 2, 3)), ShapeError, "dot_product_attention: expected query, key and value of rank 4"),
        (lambda: attention(k=(1, 4, 2, 5)), ShapeError, "dot_product_attention: expected query, key and value that agree"),
        (lambda: attention(v=(1, 3, 2, 3)), ShapeError, "dot_product_attention: expected query, key and value that agree"),
        (lambda: attention(q=(1, 2, 3, 3)), ShapeError, "dot_product_attention: expected a multiple"),
        (lambda: attention(k=(1, 0, 2, 3), v=(1, 0, 2, 3)), ShapeError, "dot_product_attention: expected at least one key"),
        (lambda: attention(mask=Z((2, 4))), DTypeError, "dot_product_attention: expected a bool mask"),
        (lambda: attention(bias=Z((3, 4))), ShapeError, "dot_product_attention: expected"),
        (lambda: attention(bias=Z((2, 2, 2, 4))), ArgumentError, "dot_product_attention: expected a bias and mask"),
        (lambda: lstm(kernel=(5, 9)), ShapeError, "basic_lstm_cell: expected shapes"),
        (lambda: lstm(bias=(4,)), ShapeError, "basic_lstm_cell: expected shapes"),
        (lambda: lstm(h=(2,)), ShapeError, "basic_lstm_cell: expected shapes"),
        (lambda: tw.multi_rnn_cell([], Z((1, 2)), [Z((1, 2))], []), ArgumentError, "multi_rnn_cell: expected as many cells"),
        (lambda: tw.moving_average(Z((2,)), Z((3,)), 0.9, 1), ShapeError, "moving_average: expected v and x"),
        (lambda: tw.moving_average(Z((2,)), Z((2,)), 0.9), ArgumentError, "moving_average: expected a step"),
        (lambda: LOSSES.absolute_difference(Z((2,)), Z((3,))), ShapeError, "absolute_difference: expected labels"),
        (lambda: LOSSES.cosine_distance(Z((2,)), Z((2,)), 1), ShapeError, "cosine_distance: expected an axis"),
        (lambda: LOSSES.softmax_cross_entropy(Z(()), Z(())), ShapeError, "softmax_cross_entropy: expected an axis"),
        (lambda: LOSSES.huber_loss(Z((2,)), Z((2,)), reduction=7), ArgumentError, "losses: expected a reduction"),
        (lambda: LOSSES.log_loss(Z((2,)), Z((2,)), reduction="some"), ArgumentError, "losses: expected a reduction"),
        (lambda: LOSSES.hinge_loss(Z((2,)), Z((2,)), Z((3,))), ShapeError, "multiply: expected shapes"),
    ],
)
def test_wrong_input(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_reductions_by_name():
    x = tw.tensor([1.0, 2.0, 3.0])
    for kind in tw.tfjs.Reduction:
        by_name = LOSSES.compute_weighted_loss(x, reduction=kind.name.lower())
        assert by_name.tolist() == LOSSES.compute_weighted_loss(x, reduction=kind).tolist()


def test_cells_on_top_of_each_other(backend):
    def cell(data, c, h):
        return tw.basic_lstm_cell(1.0, tw.ones((data.shape[1] + 2, 8)) * 0.1, Z((8,)), data, c, h)

    data, c, h = tw.ones((1, 3)), [Z((1, 2)), Z((1, 2))], [Z((1, 2)), Z((1, 2))]
    new_c, new_h = tw.multi_rnn_cell([cell, cell], data, c, h)
    first = cell(data, c[0], h[0])
    second = cell(first[1], c[1], h[1])
    assert [x.tolist() for x in new_c] == [first[0].tolist(), second[0].tolist()]
    assert [x.tolist() for x in new_h] == [first[1].tolist(), second[1].tolist()]


def test_the_gradient_of_logits_at_zero(backend):
    x = tw.tensor([0.0, 0.0])
    target = tw.tensor([0.0, 1.0])
    with tw.GradientTape() as outer:
        outer.watch(x)
        with tw.GradientTape() as inner:
            inner.watch(x)
            y = tw.binary_crossentropy(target, x, from_logits=True)
        first = inner.gradient(y, x)
    assert first.tolist() == [0.5, -0.5]
    assert outer.gradient(first, x).tolist() == [0.25, 0.25]
