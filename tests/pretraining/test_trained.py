import json
import pickle
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.spatial.distance import pdist
from torch import Tensor

from tests.pretraining.tables import small
from tjepa.errors import ConfigError, EncodingError, StoreError
from tjepa.pretraining import Pool, Pretrainer, TrainedEncoder, as_rows, pool_tokens
from tjepa.pretraining import trained as artefact
from tjepa.progress import finish
from tjepa.table import TableEncoder, infer_schema, typed


def people(n: int = 120) -> pd.DataFrame:
    random = np.random.default_rng(0)
    age = random.normal(40, 10, n)
    frame = pd.DataFrame(
        {
            "town": random.choice(["Oslo", "Bergen", "Ålesund"], n),
            "age": age,
            "pay": 2 * age + random.normal(0, 3, n),
            "rank": np.where(age > 40, "senior", "junior"),
        }
    )
    frame.loc[::9, "pay"] = np.nan
    frame.loc[::7, "town"] = None
    return frame


@pytest.fixture(scope="module")
def trained() -> TrainedEncoder:
    frame = people()
    schema = infer_schema(frame)
    config = small(epochs=3)
    table_encoder = TableEncoder.fit(
        typed(frame, schema),
        schema.features,
        scaling=config.scaling,
        max_categories=config.max_categories,
    )
    encoded = table_encoder.transform(typed(frame, schema))
    pretrainer = Pretrainer(as_rows(encoded), encoded.cardinalities, config)
    for _ in pretrainer.events():
        pass
    return TrainedEncoder(pretrainer.encoder, config, table_encoder, schema)


def tokens(encoder: TrainedEncoder, frame: pd.DataFrame) -> np.ndarray:
    return encoder.tokens(encoder.encode(frame))


def close(a: np.ndarray, b: np.ndarray) -> bool:
    return np.allclose(a, b, rtol=1e-5, atol=1e-5)


def test_numbers_come_before_categories(trained: TrainedEncoder) -> None:
    assert trained.names == ("age", "pay", "town", "rank")


def test_every_row_has_a_token_per_feature(trained: TrainedEncoder) -> None:
    found = tokens(trained, people())
    assert found.shape == (120, 4, 16)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()


def test_new_rows_embed_as_they_would_among_others(trained: TrainedEncoder) -> None:
    assert close(tokens(trained, people().iloc[[5, 3]]), tokens(trained, people())[[5, 3]])


def test_the_order_of_columns_and_columns_beside_them_do_not_matter(
    trained: TrainedEncoder,
) -> None:
    frame = people(20)
    other = frame[["rank", "pay", "age", "town"]].assign(extra="ignored")
    assert np.array_equal(tokens(trained, other), tokens(trained, frame))


def test_an_absent_column_is_named(trained: TrainedEncoder) -> None:
    with pytest.raises(EncodingError, match="'pay'"):
        trained.encode(people().drop(columns="pay"))


def test_categories_that_were_never_seen_are_all_alike(trained: TrainedEncoder) -> None:
    frame = people(3)
    known, unseen, other = (
        tokens(trained, frame.assign(town=town)) for town in ("Oslo", "Tromsø", "Bodø")
    )
    assert np.array_equal(unseen, other)
    assert not close(unseen, known)
    assert np.isfinite(unseen).all()


def test_a_missing_cell_differs_from_a_mean_and_from_an_unseen_category(
    trained: TrainedEncoder,
) -> None:
    frame = people(3)
    mean = tokens(trained, frame.assign(age=trained.table_encoder.features[0].mean))
    assert not close(tokens(trained, frame.assign(age=np.nan)), mean)
    unseen = tokens(trained, frame.assign(town="Tromsø"))
    assert not close(tokens(trained, frame.assign(town=None)), unseen)


def test_rows_of_nothing_but_missing_cells_embed(trained: TrainedEncoder) -> None:
    found = tokens(trained, pd.DataFrame(index=range(2), columns=people(2).columns, dtype=object))
    assert found.shape == (2, 4, 16)
    assert np.isfinite(found).all()
    assert np.array_equal(found[0], found[1])


@pytest.mark.parametrize("pool", get_args(Pool))
def test_no_rows_embed_to_no_vectors(trained: TrainedEncoder, pool: Pool) -> None:
    found = tokens(trained, people().iloc[:0])
    assert found.shape == (0, 4, 16)
    assert pool_tokens(found, pool).shape == (0, 16 if pool == "mean" else 64)


def test_visible_features_are_embedded_without_the_others(trained: TrainedEncoder) -> None:
    frame = people(6)
    found = trained.tokens(trained.encode(frame), [1, 3])
    blind = trained.tokens(trained.encode(frame.assign(age=0.0, town="Oslo")), [1, 3])
    assert found.shape == (6, 2, 16)
    assert np.array_equal(found, blind)


def test_the_control_is_the_encoder_before_its_first_step(trained: TrainedEncoder) -> None:
    control = trained.untrained()
    encoded = trained.encode(people())
    start = Pretrainer(as_rows(encoded), encoded.cardinalities, trained.config)
    expected = start.encoder.state_dict()
    found = control.encoder.state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert not close(control.tokens(encoded), trained.tokens(encoded))
    assert control.names == trained.names


def test_a_trained_encoder_survives_its_parts(trained: TrainedEncoder) -> None:
    tensors, meta = trained.to_parts()
    copies = {name: value.clone() for name, value in tensors.items()}
    again = TrainedEncoder.from_parts(copies, json.loads(json.dumps(meta)))
    assert np.array_equal(tokens(again, people()), tokens(trained, people()))
    assert (again.config, again.table_encoder, again.schema) == (
        trained.config,
        trained.table_encoder,
        trained.schema,
    )


def test_a_pickled_encoder_is_the_same_and_shares_nothing(trained: TrainedEncoder) -> None:
    again = pickle.loads(pickle.dumps(trained))
    assert np.array_equal(tokens(again, people()), tokens(trained, people()))
    again.encoder.reg.data.zero_()
    assert not close(tokens(again, people()), tokens(trained, people()))


def test_a_device_that_torch_cannot_use_is_no_damage(trained: TrainedEncoder) -> None:
    with pytest.raises(ConfigError, match="device is 'gpu'"):
        TrainedEncoder.from_parts(*trained.to_parts(), device="gpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_an_encoder_is_saved_on_the_cpu_and_loads_on_either_device(trained: TrainedEncoder) -> None:
    expected = tokens(trained, people())
    for device in ("cuda", "cpu"):
        again = TrainedEncoder.from_parts(*trained.to_parts(), device=device)
        assert again.encoder.reg.device.type == device
        assert again.untrained().encoder.reg.device.type == device
        assert {value.device.type for value in again.to_parts()[0].values()} == {"cpu"}
        np.testing.assert_allclose(tokens(again, people()), expected, rtol=1e-3, atol=1e-3)


def test_loading_leaves_the_randomness_of_others_alone(trained: TrainedEncoder) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    TrainedEncoder.from_parts(*trained.to_parts())
    trained.untrained()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("tensors", "meta"),
    [
        ({"reg": torch.zeros(3, 3)}, {}),
        ({"another": torch.zeros(1)}, {}),
        ({}, {"config": {"layers": 99}}),
        ({}, {"config": {"colour": 1}}),
        ({}, {"config": {"layers": 1}}),
        ({}, {"config": None}),
        ({}, {"table_encoder": {}}),
        ({}, {"schema": {"columns": []}}),
        ({}, {"schema": {"columns": [], "target": None, "task": "guess", "split": {}}}),
    ],
)
def test_parts_that_do_not_fit_one_another_are_refused(
    trained: TrainedEncoder, tensors: dict[str, Tensor], meta: dict[str, Any]
) -> None:
    good_tensors, good_meta = trained.to_parts()
    with pytest.raises(StoreError, match="pre-train again"):
        TrainedEncoder.from_parts(good_tensors | tensors, good_meta | meta)


def test_an_absent_part_is_refused(trained: TrainedEncoder) -> None:
    tensors, meta = trained.to_parts()
    with pytest.raises(StoreError):
        TrainedEncoder.from_parts(tensors, {"config": meta["config"]})
    with pytest.raises(StoreError):
        TrainedEncoder.from_parts({}, meta)


def test_rows_share_the_memory_of_the_encoded_table(trained: TrainedEncoder) -> None:
    encoded = trained.encode(people(5))
    rows = as_rows(encoded)
    for tensor, array in (
        (rows.x_num, encoded.x_num),
        (rows.x_cat, encoded.x_cat),
        (rows.missing, encoded.missing),
    ):
        assert tensor.shape == array.shape
        assert np.shares_memory(tensor.numpy(), array)
    assert (rows.x_num.dtype, rows.x_cat.dtype, rows.missing.dtype) == (
        torch.float32,
        torch.int64,
        torch.bool,
    )


def test_tokens_are_flattened_feature_by_feature_or_averaged_over_features() -> None:
    found = np.arange(12.0, dtype=np.float32).reshape(2, 3, 2)
    assert pool_tokens(found, "flat").tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert pool_tokens(found, "mean").tolist() == [[2, 3], [8, 9]]
    assert pool_tokens(found, "projected").tolist() == pool_tokens(found, "flat").tolist()


def test_wide_rows_projected_are_as_far_from_one_another_as_they_were() -> None:
    found = np.random.default_rng(0).normal(size=(40, 50, 200)).astype(np.float32)
    found[1] = found[0] + 0.01 * found[1]
    flat, projected = (pool_tokens(found, pool) for pool in ("flat", "projected"))
    assert projected.shape == (40, artefact.PROJECTED)
    assert projected.dtype == np.float32
    ratios = pdist(projected) / pdist(flat)
    assert abs(ratios - 1).max() < 0.15
    parts = [pool_tokens(found[some], "projected") for some in (slice(0, 7), slice(7, None))]
    assert np.array_equal(np.concatenate(parts), projected)


def test_projections_are_linear_and_of_every_number() -> None:
    """The draw leaves few numbers out."""
    width = 3 * artefact.PROJECTED
    seen = pool_tokens(np.eye(width, dtype=np.float32)[:, None], "projected")
    assert (np.abs(seen).sum(axis=1) > 0).mean() > 0.97
    some = np.random.default_rng(0).normal(size=(5, 1, width)).astype(np.float32)
    assert np.allclose(pool_tokens(some, "projected"), some[:, 0] @ seen, atol=1e-3)


def test_an_unknown_pool_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigError, match="pool is 'max': choose flat, mean or projected"):
        pool_tokens(np.zeros((1, 1, 1)), "max")  # type: ignore[arg-type]


def test_dropout_is_off_when_rows_are_embedded(trained: TrainedEncoder) -> None:
    config = replace(trained.config, dropout=0.5)
    noisy = replace(trained, config=config).untrained()
    noisy.encoder.train()
    encoded = trained.encode(people(5))
    assert np.array_equal(noisy.tokens(encoded), noisy.tokens(encoded))


@pytest.mark.parametrize("pool", get_args(Pool))
def test_vectors_are_pooled_tokens_however_many_are_held_at_a_time(
    trained: TrainedEncoder, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = trained.encode(people())
    expected = pool_tokens(trained.tokens(encoded), pool)
    assert close(finish(trained.vectors(encoded, pool)), expected)
    monkeypatch.setattr(artefact, "PART_VALUES", 50 * len(trained.names) * trained.config.width)
    assert [len(part) for part in trained.parts(encoded, pool)] == [50, 50, 20]
    assert close(finish(trained.vectors(encoded, pool)), expected)
    assert len(trained.vector_names(pool)) == expected.shape[1]


def test_vectors_too_large_for_memory_are_refused_with_what_to_do(
    trained: TrainedEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = trained.encode(people())
    monkeypatch.setattr(artefact, "MOST_BYTES", 4 * 120 * 16)
    assert finish(trained.vectors(encoded, "mean")).shape == (120, 16)
    with pytest.raises(EncodingError, match=r"64 numbers each .* projected or mean"):
        finish(trained.vectors(encoded, "flat"))


def test_wide_rows_have_the_tokens_of_their_groups(trained: TrainedEncoder) -> None:
    encoded = trained.encode(people())
    narrow = replace(trained, config=replace(trained.config, max_features=3))
    found = narrow.tokens(encoded)
    for group in ([0, 2], [1, 3]):
        assert close(found[:, group], trained.tokens(encoded, group))
    assert not close(found, trained.tokens(encoded))
