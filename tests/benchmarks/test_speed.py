"""The measuring stick itself: what it counts is what a step must do."""

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import speed
from tjepa.model import Masks, kernels
from tjepa.model.transformer import _visible
from tjepa.pretraining import loop, new_model


@pytest.mark.parametrize(("n_numeric", "cardinalities"), [(8, ()), (3, (4, 2, 3))])
@pytest.mark.parametrize(("context", "k", "target"), [(2, 4, 3), (4, 1, 1), (1, 2, 2)])
def test_the_counted_operations_are_those_that_torch_counts(
    n_numeric: int,
    cardinalities: tuple[int, ...],
    context: int,
    k: int,
    target: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kernels, "ENABLED", False)
    config = replace(speed.CONFIG, shared_context=False, reg_tokens=2, predictor_layers=3)
    model, row = (
        new_model(n_numeric, cardinalities, config),
        speed._rows(1, n_numeric, cardinalities),
    )
    features = n_numeric + len(cardinalities)
    order = torch.arange(features)
    masks = Masks(order[None, :context], order[None, None, -target:].expand(1, k, -1))
    # Torch counts nothing for the attention kernel of processors: as plain products it is counted.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(row, masks).loss.backward()
    counted = counter.get_total_flops()
    assert speed.flops_per_row(config, features, context, k, target) == counted


def test_with_a_shared_context_only_the_pairs_that_attend_are_counted() -> None:
    config, context, k, target = replace(speed.CONFIG, predictor_layers=1), 3, 4, 2
    visible = _visible(context + k * target, k, target, torch.device("cpu"))
    narrow, ffn = config.predictor_width, config.predictor_ffn
    per_token = 2 * (4 * narrow**2 + 2 * narrow * ffn)
    repeated = replace(config, shared_context=False)
    both = [speed.flops_per_row(each, 9, context, k, target) for each in (config, repeated)]
    fewer_tokens = (k - 1) * context * per_token
    fewer_pairs = k * (context + target) ** 2 - int(visible.sum())
    assert both[1] - both[0] == 3 * (fewer_tokens + fewer_pairs * 4 * narrow)


def test_recording_the_masks_leaves_the_loop_as_it_was() -> None:
    draw = loop.draw_masks
    with speed._recorded_masks() as sizes:
        assert loop.draw_masks is not draw
    assert loop.draw_masks is draw
    assert sizes == []


def test_the_table_sets_each_figure_beside_its_target_for_this_machine() -> None:
    figures = {"ms_per_step": 400.0, "rows_per_s": 1_280, "gflop_per_step": 10.0}
    cases = {name: figures | {"utilisation": 0.5} for name in speed.CASES}
    result = {
        "threads": 1,
        "device": "cpu",
        "ceiling_gflops": 45.5,
        "pretrain": cases,
        "embed": {name: {"rows_per_s": 9} for name in speed.CASES},
    }
    lines = speed._table(result).splitlines()
    assert lines[2].split() == ["numeric8", "400.0", "340", "1,280", "10.0", "50.0%"]
    assert not any("bfloat16" in line for line in lines)
    both = speed._table(result | {"pretrain_bf16": cases}).splitlines()
    assert both[8].split()[:3] == ["numeric54", "400.0", "1,260"]
    assert speed._table(result | {"device": "a GPU"}).splitlines()[2].split()[2] == "-"
