"""What changes of a preset are worth: Markdown tables of runs with the same tables and seeds."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict

from benchmarks.stick.measuring import gain_over
from benchmarks.stick.records import Record, Store, Variant
from benchmarks.stick.summary import SHOWN, Mean, gain_in_words, interval, marked, number, scores


def ablations(store: Store, preset: str) -> str:
    """What the embedding scores with a preset and with each change of it, a column per table.

    Only tables, and of each only seeds, that all have. Bold is surely better than the preset,
    italics surely worse.
    """
    runs = [run for run in store.runs() if run["preset"] == preset]
    variants = list(dict.fromkeys([preset, *(run["variant"] for run in runs)]))
    shared = _shared(runs, variants)
    heads = (
        f"{table}, {len(seeds)} seed{'s' * (len(seeds) > 1)}" for table, seeds in shared.items()
    )
    lines = [
        f"| flat / pooled / 200 labels | {' | '.join(heads)} |",
        "|---" * (len(shared) + 1) + "|",
    ]
    for variant in variants:
        cells = [variant.removeprefix(f"{preset}, ")]
        for table, seeds in shared.items():
            words = (
                marked(
                    number(_score(store, table, variant, probe, seeds)),
                    _gain(store, table, variant, preset, probe, seeds),
                )
                for probe in SHOWN
            )
            cells.append(" / ".join(words))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def change(store: Store, variant: str) -> str:
    """What a preset gains over one change of it, with intervals, a row per table."""
    preset = Variant.named(variant).preset
    lines = [
        f"| table | seeds | {variant.removeprefix(f'{preset}, ')}: flat / pooled / 200 "
        f"| *{preset}* | gain of *{preset}*: flat; pooled; 200 labels |",
        "|---|---|---|---|---|",
    ]
    for table, seeds in _shared(store.runs(), (preset, variant)).items():
        both = (
            " / ".join(number(_score(store, table, one, probe, seeds)) for probe in SHOWN)
            for one in (variant, preset)
        )
        gains = (
            gain_in_words(_gain(store, table, preset, variant, probe, seeds)) for probe in SHOWN
        )
        lines.append(f"| {table} | {len(seeds)} | {' | '.join(both)} | {'; '.join(gains)} |")
    return "\n".join(lines) + "\n"


def _shared(runs: Iterable[Record], variants: Iterable[str]) -> dict[str, list[int]]:
    """The tables that all variants have, and of each the seeds that all have."""
    seeds: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for run in runs:
        seeds[run["table"]][run["variant"]].add(run["seed"])
    found = {
        table: sorted(set.intersection(*(of[variant] for variant in variants)))
        for table, of in sorted(seeds.items())
    }
    return {table: some for table, some in found.items() if some}


def _score(store: Store, table: str, variant: str, probe: str, seeds: list[int]) -> float | None:
    runs = [run for seed in seeds if (run := store.run(table, variant, seed))]
    return scores(runs, "tjepa", probe)


def _gain(
    store: Store, table: str, variant: str, other: str, probe: str, seeds: list[int]
) -> Mean | None:
    """What a variant gains over another."""
    about = store.table(table)
    squared = about is not None and about["metric"] == "rmse"
    of, others = (
        [store.losses_file(table, one, seed) for seed in seeds] for one in (variant, other)
    )
    found = gain_over(probe, squared, of, others)
    return interval(asdict(found)) if found else None
