from pathlib import Path

import numpy as np
import pytest
import torch

from tjepa.errors import StoreError
from tjepa.runs import RunInfo, Store


def artefact_file(store: Store, run: RunInfo, name: str) -> Path:
    return store.home / "runs" / run.run_id / "artefacts" / name


def test_tensors_and_their_meta_come_back(store: Store, run: RunInfo) -> None:
    shared = torch.arange(6.0).reshape(2, 3)
    tensors = {
        "weight": shared,
        "a view of it": shared.T,
        "epoch": torch.tensor(3),
        "nothing": torch.zeros(0, 4),
        "from numpy": np.array([1.5, 2.5], dtype=np.float64),
    }
    store.save_tensors(run.run_id, "encoder", tensors, {"config": {"seed": 0}, "names": ["ä"]})
    found, meta = store.load_tensors(run.run_id, "encoder")
    assert meta == {"config": {"seed": 0}, "names": ["ä"]}
    assert set(found) == set(tensors)
    for name, value in tensors.items():
        assert torch.equal(found[name], torch.as_tensor(value))
        assert found[name].dtype == torch.as_tensor(value).dtype


def test_loaded_tensors_are_the_callers_own(store: Store, run: RunInfo) -> None:
    store.save_tensors(run.run_id, "encoder", {"w": torch.ones(3)}, {})
    store.load_tensors(run.run_id, "encoder")[0]["w"].zero_()
    assert store.load_tensors(run.run_id, "encoder")[0]["w"].sum() == 3


def test_a_checkpoint_is_there_once_it_was_saved(store: Store, run: RunInfo) -> None:
    assert not store.has_tensors(run.run_id, "checkpoint")
    with pytest.raises(StoreError, match="has no saved checkpoint yet"):
        store.load_tensors(run.run_id, "checkpoint")
    store.save_tensors(run.run_id, "checkpoint", {"w": torch.ones(1)}, {})
    assert store.has_tensors(run.run_id, "checkpoint")


@pytest.mark.parametrize("length", [0, 4, 40, -1])
def test_damaged_tensors_get_a_sentence(store: Store, run: RunInfo, length: int) -> None:
    store.save_tensors(run.run_id, "encoder", {"w": torch.ones(30)}, {"a": 1})
    file = store.home / "runs" / run.run_id / "encoder.safetensors"
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(StoreError, match=r"saved encoder of run .* is damaged"):
        store.load_tensors(run.run_id, "encoder")


def test_tensors_of_another_program_are_damage(store: Store, run: RunInfo) -> None:
    import safetensors.torch

    file = store.home / "runs" / run.run_id / "encoder.safetensors"
    safetensors.torch.save_file({"w": torch.ones(1)}, file)
    with pytest.raises(StoreError, match="is damaged"):
        store.load_tensors(run.run_id, "encoder")


def test_an_artefact_comes_back_with_its_arrays(store: Store, run: RunInfo) -> None:
    arrays = {"rows": np.arange(3), "xy": np.zeros((3, 2), np.float32), "name": np.array(["é"])}
    store.save_artefact(run.run_id, "umap-tjepa", {"seed": 1, "tau": float("nan")}, arrays)
    found = store.artefact(run.run_id, "umap-tjepa")
    assert found is not None
    assert found[0] == {"seed": 1, "tau": None}
    assert set(found[1]) == set(arrays)
    for name, value in arrays.items():
        np.testing.assert_array_equal(found[1][name], value)
        assert found[1][name].dtype == value.dtype


def test_an_artefact_may_have_no_arrays(store: Store, run: RunInfo) -> None:
    assert store.artefact(run.run_id, "probe") is None
    store.save_artefact(run.run_id, "probe", {"task": "regression"})
    assert store.artefact(run.run_id, "probe") == ({"task": "regression"}, {})


def test_a_new_artefact_replaces_the_old_one(store: Store, run: RunInfo) -> None:
    store.save_artefact(run.run_id, "probe", {"n": 1}, {"a": np.ones(2)})
    store.save_artefact(run.run_id, "probe", {"n": 2})
    assert store.artefact(run.run_id, "probe") == ({"n": 2}, {})


def test_objects_are_never_pickled(store: Store, run: RunInfo) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        store.save_artefact(run.run_id, "probe", {}, {"a": np.array([{}], dtype=object)})
    assert store.artefact(run.run_id, "probe") is None


def test_arrays_of_another_version_are_not_taken_for_these(store: Store, run: RunInfo) -> None:
    """As after a crash between the two files: the result is computed again."""
    store.save_artefact(run.run_id, "map", {"n": 1}, {"a": np.ones(2)})
    old = artefact_file(store, run, "map.json").read_bytes()
    store.save_artefact(run.run_id, "map", {"n": 2}, {"a": np.zeros(2)})
    artefact_file(store, run, "map.json").write_bytes(old)
    assert store.artefact(run.run_id, "map") is None


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"data": 3, "arrays_sha256": 0}']
)
def test_a_damaged_artefact_is_computed_again(store: Store, run: RunInfo, content: bytes) -> None:
    store.save_artefact(run.run_id, "map", {"n": 1}, {"a": np.ones(2)})
    artefact_file(store, run, "map.json").write_bytes(content)
    assert store.artefact(run.run_id, "map") is None


def test_arrays_that_are_gone_are_computed_again(store: Store, run: RunInfo) -> None:
    store.save_artefact(run.run_id, "map", {"n": 1}, {"a": np.ones(2)})
    artefact_file(store, run, "map.npz").unlink()
    assert store.artefact(run.run_id, "map") is None


@pytest.mark.parametrize("key", ["../run", "a/b", "..", "", "run.json"])
def test_a_key_cannot_leave_the_run(store: Store, run: RunInfo, key: str) -> None:
    for use in (
        lambda: store.save_artefact(run.run_id, key, {}),
        lambda: store.artefact(run.run_id, key),
        lambda: store.save_tensors(run.run_id, key, {}, {}),
        lambda: store.load_tensors(run.run_id, key),
    ):
        with pytest.raises(StoreError, match="cannot name a file"):
            use()
