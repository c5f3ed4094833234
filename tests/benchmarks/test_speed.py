"""The measuring stick itself: what it counts is what a step must do."""

import pytest

from benchmarks import speed
from tjepa.pretraining import loop, new_model


def products(n: int, width: int, ffn: int) -> int:
    """Multiplications and additions of one block over n tokens: projections, attention, FFN."""
    return 2 * n * (4 * width * width + 2 * width * ffn) + 4 * n * n * width


@pytest.mark.parametrize(("context", "target"), [(2, 3), (4, 1)])
def test_the_counted_operations_are_those_of_the_shapes(context: int, target: int) -> None:
    c, k, features = speed.CONFIG, 4, 8
    model = new_model(features, (), c)
    counted = speed._flops(model, speed._rows(1, features, ()), (context, k, target))
    reg = c.reg_tokens
    forward_only = c.layers * products(features + reg, c.width, c.ffn)
    trained = c.layers * products(context + reg, c.width, c.ffn)
    sequence = products(context + target, c.predictor_width, c.predictor_ffn)
    trained += k * c.predictor_layers * sequence
    trained += 2 * (context + k * target) * c.width * c.predictor_width
    # A backward pass does every product twice; the target encoder has none.
    assert counted == forward_only + 3 * trained


def test_recording_the_masks_leaves_the_loop_as_it_was() -> None:
    draw = loop.draw_masks
    with speed._recorded_masks() as sizes:
        assert loop.draw_masks is not draw
    assert loop.draw_masks is draw
    assert sizes == []
