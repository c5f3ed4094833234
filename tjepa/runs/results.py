"""What a run leaves behind: weights, and the results of its analyses."""

import hashlib
import io
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tjepa.errors import StoreError, quoted
from tjepa.runs.files import is_name, to_json, writing
from tjepa.runs.home import UNREADABLE, make_folder
from tjepa.runs.records import Records

if TYPE_CHECKING:
    from torch import Tensor  # imported where it is used: reading a table needs no torch

_log = logging.getLogger(__name__)


class Results(Records):
    """`home/runs/<run_id>/`: <name>.safetensors, artefacts/<key>.json and artefacts/<key>.npz."""

    def save_tensors(
        self,
        run_id: str,
        name: str,
        tensors: "Mapping[str, np.ndarray | Tensor]",
        meta: Mapping[str, Any],
    ) -> None:
        """Write `<name>.safetensors` with `meta` as JSON in its header."""
        import safetensors.torch
        import torch

        file = self._tensor_file(run_id, name)
        # Own copies: safetensors refuses views that share memory.
        copies = {
            key: torch.as_tensor(value).detach().cpu().clone(memory_format=torch.contiguous_format)
            for key, value in tensors.items()
        }
        data = safetensors.torch.save(copies, {"tjepa": to_json(meta)})
        self._write(file, lambda stream: stream.write(data))

    def load_tensors(self, run_id: str, name: str) -> "tuple[dict[str, Tensor], dict[str, Any]]":
        """The tensors, on the CPU, and the `meta` of `<name>.safetensors`."""
        import safetensors

        file = self._tensor_file(run_id, name)
        if not file.exists():
            raise StoreError(f"The run {run_id} has no saved {name} yet.")
        try:
            with safetensors.safe_open(file, framework="pt") as opened:
                meta = json.loads(opened.metadata()["tjepa"])
                tensors = {key: opened.get_tensor(key).clone() for key in opened.keys()}  # noqa: SIM118
        except (*UNREADABLE, safetensors.SafetensorError) as error:
            raise StoreError(
                f"The saved {name} of run {run_id} is damaged: pre-train again."
            ) from error
        return tensors, meta

    def has_tensors(self, run_id: str, name: str) -> bool:
        """Whether there is a `<name>.safetensors`."""
        return self._tensor_file(run_id, name).exists()

    def delete_tensors(self, run_id: str, name: str) -> None:
        """Remove `<name>.safetensors`, if there is one."""
        file = self._tensor_file(run_id, name)
        with writing(file):
            file.unlink(missing_ok=True)

    def save_artefact(
        self,
        run_id: str,
        key: str,
        data: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Keep the result of an analysis: JSON, and its arrays (not of objects) as npz."""
        folder = self._existing_run(run_id) / "artefacts"
        file = folder / f"{_checked(key)}.json"
        make_folder(folder)
        digest = None
        if arrays:
            buffer = io.BytesIO()
            np.savez(buffer, allow_pickle=False, **dict(arrays))
            content = buffer.getvalue()
            digest = hashlib.sha256(content).hexdigest()
            self._write(file.with_suffix(".npz"), lambda stream: stream.write(content))
        self._write_json(file, {"data": data, "arrays_sha256": digest})

    def artefact(
        self, run_id: str, key: str
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """The result kept under `key`: its JSON and its arrays. None when there is none.

        None also when its two files do not belong together, as after a crash between them, or are
        damaged: the result can be computed again.
        """
        file = self._existing_run(run_id) / "artefacts" / f"{_checked(key)}.json"
        try:
            saved = json.loads(file.read_bytes())
            arrays: dict[str, np.ndarray] = {}
            if saved["arrays_sha256"] is not None:
                content = file.with_suffix(".npz").read_bytes()
                if hashlib.sha256(content).hexdigest() != saved["arrays_sha256"]:
                    raise ValueError("the arrays are not the ones that were written with it")
                with np.load(io.BytesIO(content), allow_pickle=False) as opened:
                    arrays = {name: opened[name] for name in opened.files}
            if not isinstance(saved["data"], dict):
                raise TypeError("data is no object")
            return saved["data"], arrays
        except FileNotFoundError:
            return None
        except UNREADABLE:
            _log.warning("artefact %s of run %s cannot be read", key, run_id, exc_info=True)
            return None

    def _tensor_file(self, run_id: str, name: str) -> Path:
        return self._existing_run(run_id) / f"{_checked(name)}.safetensors"


def _checked(name: str) -> str:
    if not is_name(name):
        raise StoreError(f"{quoted(name)} cannot name a file of a run.")
    return name
