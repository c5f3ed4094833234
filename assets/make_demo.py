"""Make `assets/demo`: a finished run on a sample with every analysis, to look at in a new home.

Run it from the project's root (`make demo`) whenever what is stored or computed has changed.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
import sys
from pathlib import Path

import torch

from tjepa import Workbench, finish, preset
from tjepa.progress import Progress
from tjepa.table import SAMPLES, override
from tjepa.workbench import Method, Source

SAMPLE = "wine_mixed"
SOURCES: tuple[Source, ...] = ("tjepa", "raw", "untrained")
METHODS: tuple[Method, ...] = ("pca", "umap")
HOME = Path(__file__).resolve().parent / "demo"


def main() -> None:
    torch.set_num_threads(1)
    shutil.rmtree(HOME, ignore_errors=True)
    bench = Workbench(HOME)
    sample = next(sample for sample in SAMPLES if sample.key == SAMPLE)
    table = bench.open_sample(sample.key)
    frame = bench.table(table).frame
    schema = override(bench.schema(table), frame, target=sample.target, task=sample.task)
    bench.save_schema(table, schema)
    run = bench.create_run(table, schema, preset("balanced", len(frame)))
    works = [
        bench.pretrain(run),
        bench.compute_agreement(run),
        *(
            bench.compute_projection(run, source, method)
            for source in SOURCES
            for method in METHODS
        ),
        bench.compute_relevance(run),
        bench.compute_attribution(run),
        bench.compute_label_curve(run),
    ]
    for work in works:
        finish(work, _say)
    print(f"\n{finish(bench.compute_probe(run), _say).sentence}")
    for leftover in ("lock", "tmp"):
        path = HOME / leftover
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _say(moment: Progress) -> None:
    print(f"\r\x1b[K{moment.share:4.0%} {moment.stage}", end="", file=sys.stderr)


if __name__ == "__main__":
    main()
