"""What oracle cases cannot say of the ops on images: chance, waiting, and the names."""

import asyncio

import tensorweb as tw
from tensorweb.ops import image
from tensorweb.tensor import OPS


def test_elastic_transform_is_reproducible_and_smooth():
    x = tw.reshape(tw.arange(2 * 8 * 8, dtype="float32"), (2, 8, 8, 1))
    first, again, other = (image.elastic_transform(x, alpha=2.0, sigma=1.0, seed=s).tolist() for s in (1, 1, 2))
    assert first == again != other
    assert tw.max(tw.abs(image.elastic_transform(tw.ones((8, 8, 3)), seed=1) - 1.0)).item() < 1e-6
    whole = image.elastic_transform(tw.cast(x, "uint8"), interpolation="nearest", fill_mode="wrap", seed=3)
    assert whole.dtype == "uint8"


def test_each_image_of_a_batch_moves_in_its_own_way():
    x = tw.broadcast_to(tw.reshape(tw.arange(64, dtype="float32"), (1, 8, 8, 1)), (2, 8, 8, 1))
    first, second = image.elastic_transform(x, alpha=2.0, sigma=1.0, seed=1).tolist()
    assert first != second


def test_suppression_may_be_awaited():
    boxes, scores = tw.tensor([[0.0, 0, 1, 1], [0, 0, 1, 0.9], [2, 2, 3, 3]]), tw.tensor([0.5, 0.9, 0.7])

    async def main():
        indices = await image.non_max_suppression_async(boxes, scores, 3)
        _, kept = await image.non_max_suppression_with_score_async(boxes, scores, 3)
        padded, count = await image.non_max_suppression_padded_async(boxes, scores, 4, pad_to_max_output_size=True)
        return indices.tolist(), kept.tolist(), padded.tolist(), count.tolist()

    indices, kept, padded, count = asyncio.run(main())
    assert (indices, padded, count) == ([1, 2], [1, 2, 0, 0], 2)
    assert [round(v, 5) for v in kept] == [0.9, 0.7]


def test_gradient_reaches_the_transform():
    """The derivative of a picture with slope 2 along x with respect to a move along x is 2 everywhere inside."""
    x, move = tw.reshape(tw.arange(5, dtype="float32") * 2, (1, 1, 5, 1)), tw.tensor([1.0, 0, 0.25, 0, 1, 0, 0, 0])
    with tw.GradientTape() as tape:
        tape.watch([move])
        total = tw.sum(image.affine_transform(x, move)[:, :, :4])
    assert abs(tape.gradient(total, [move])[0].tolist()[2] - 8.0) < 1e-4


def test_every_name_of_the_module_is_registered():
    for name in image.__all__:
        assert OPS[f"image.{name}"].function is getattr(image, name)
