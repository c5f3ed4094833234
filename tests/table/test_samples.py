import numpy as np
import pandas as pd
import pytest

from tjepa.errors import ReadingError
from tjepa.table import SAMPLES, Sample, infer_schema, load_sample, override, split_table

ALL = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.key)
PLAIN = {"float64", "int64", "str"}


@ALL
def test_a_sample_is_a_table_as_if_it_had_been_read(sample: Sample) -> None:
    raw = load_sample(sample.key)
    assert {str(dtype) for dtype in raw.frame.dtypes} <= PLAIN
    assert isinstance(raw.frame.index, pd.RangeIndex)
    assert raw.frame.columns.is_unique
    assert (raw.name, raw.notes) == (sample.title, (sample.description,))


@ALL
def test_a_sample_is_the_same_every_time(sample: Sample) -> None:
    one, two = load_sample(sample.key), load_sample(sample.key)
    assert one.content_id == two.content_id
    pd.testing.assert_frame_equal(one.frame, two.frame)


@ALL
def test_the_target_of_a_sample_can_be_predicted_from_the_rest(sample: Sample) -> None:
    frame = load_sample(sample.key).frame
    schema = override(infer_schema(frame), frame, target=sample.target)
    assert schema.task == sample.task
    assert len(schema.features) == frame.shape[1] - 1
    assert len(split_table(frame, schema).unlabelled) == 0


def test_samples_differ_in_content() -> None:
    ids = {load_sample(sample.key).content_id for sample in SAMPLES}
    assert len(ids) == len(SAMPLES)


def test_the_mixed_sample_has_every_difficulty() -> None:
    frame = load_sample("wine_mixed").frame
    kinds = {column.kind for column in infer_schema(frame).features}
    assert kinds == {"numeric", "categorical"}
    share = frame.drop(columns="cultivar").isna().to_numpy().mean()
    assert share == pytest.approx(0.05, abs=0.01)
    assert not frame["cultivar"].isna().any()
    assert np.isfinite(frame.select_dtypes("number").sum()).all()


def test_an_unknown_sample_names_the_others() -> None:
    with pytest.raises(ReadingError, match="no sample 'iris': choose one of wine_mixed"):
        load_sample("iris")
