"""Each command: its arguments in, text or JSON on standard output.

What is heavy to import (pandas, torch, umap, shap) is imported by the commands that need it.
"""

import argparse
import contextlib
import glob
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tjepa
from tjepa.cli.profiles import print_profile
from tjepa.cli.reading import reading_of
from tjepa.cli.sources import limits_of, queried
from tjepa.cli.terminal import CommandError, Meter, columns, literal, note, number, output, sentence
from tjepa.progress import Work, finish

if TYPE_CHECKING:
    import pandas as pd

    from tjepa.table import RawTable, Schema, Suggestion
    from tjepa.workbench import Method, Workbench

T = TypeVar("T")


def inspect(arguments: argparse.Namespace) -> None:
    file = None if queried(arguments) else _file(arguments.file)
    from tjepa.report.reading_words import reading_in_words
    from tjepa.table import (
        infer_schema,
        override,
        read_query,
        read_table,
        schema_text,
        suggestions,
    )
    from tjepa.table.profiles import profiling

    if file is None:
        raw = read_query(arguments.database, arguments.query, **limits_of(arguments))
    else:
        raw = read_table(file, sheet=arguments.sheet, reading=reading_of(arguments))
    schema = infer_schema(raw.frame)
    if arguments.target is not None:
        schema = override(schema, raw.frame, target=arguments.target)
    schema = _equal_together(schema, arguments)
    if arguments.schema_out is not None:
        with output(arguments.schema_out, file, "--schema-out", "JSON") as unfinished:
            unfinished.write_text(schema_text(schema), encoding="utf-8")
    found = suggestions(raw.frame, schema)
    split = _split_in_words(raw.frame, schema) if schema.target else ""
    looked = _finish(profiling(raw.frame, schema)) if arguments.profile else None
    if arguments.json:
        profile = {} if looked is None else {"profile": looked.to_json()}
        _print_json({**_described(raw, schema, found), "split": split, **profile})
        return
    rows, width = raw.frame.shape
    sheet = f", sheet {literal(raw.sheet)}" if raw.sheet else ""
    print(f"{literal(raw.name)}{sheet}: {rows:,} rows, {width:,} columns")
    if len(raw.sheets) > 1:
        print(f"Sheets: {', '.join(map(literal, raw.sheets))}")
    if file is not None:
        print(f"Read as {sentence(reading_in_words(raw.reading))}.")
    for text in raw.notes:
        print(sentence(text))
    print()
    table = [
        (c.name, c.kind, "yes" if c.used else "no", f"{c.missing:,}", f"{c.distinct:,}", c.note)
        for c in schema.columns
    ]
    print(columns(("column", "kind", "used", "missing", "distinct", "note"), table, right=(3, 4)))
    if schema.left_out:
        print()
        _print_left_out(schema, sys.stdout)
    if split:
        print(f"\n{sentence(split)}")
    if found:
        print()
    for suggestion in found:
        print(f"Suggestion: {literal(suggestion.evidence)} {literal(suggestion.action)}.")
    if looked is not None:
        print()
        print_profile(looked)


def _described(
    raw: "RawTable", schema: "Schema", found: "tuple[Suggestion, ...]"
) -> dict[str, Any]:
    return {
        "name": raw.name,
        "rows": raw.frame.shape[0],
        "columns": [column.to_json() for column in schema.columns],
        "left_out": [{"name": name, "reason": reason} for name, reason in schema.left_out],
        "sheet": raw.sheet,
        "sheets": raw.sheets,
        "notes": raw.notes,
        "reading": raw.reading.told,
        "target": schema.target,
        "suggestions": [asdict(suggestion) for suggestion in found],
    }


def pretrain(arguments: argparse.Namespace) -> None:
    file = None if queried(arguments) else _file(arguments.file)
    from tjepa.pretraining import preset
    from tjepa.report.words import cost_sentences, kept_sentence
    from tjepa.table import override, read_schema
    from tjepa.workbench import Workbench

    bench = Workbench()
    if file is None:
        limits = limits_of(arguments)
        table_id = bench.open_query(arguments.database, arguments.query, **limits)
    else:
        table_id = bench.open_table(file, sheet=arguments.sheet, reading=reading_of(arguments))
    frame = bench.table(table_id).frame
    schema = bench.schema(table_id)
    if arguments.schema is not None:
        schema = read_schema(_file(arguments.schema).read_bytes(), frame)
    if arguments.target is not None:
        schema = override(schema, frame, target=arguments.target)
    schema = _equal_together(schema, arguments)
    training_rows = round(len(frame) * (1 - schema.split.validation - schema.split.test))
    changes = {"epochs": arguments.epochs, "seed": arguments.seed}
    config = replace(
        preset(arguments.preset, training_rows),
        **{name: value for name, value in changes.items() if value is not None},
    )
    bench.save_schema(table_id, schema)
    for text in bench.table(table_id).notes:
        print(sentence(text), file=sys.stderr)
    _print_left_out(schema, sys.stderr)
    print(sentence(_split_in_words(frame, schema)), file=sys.stderr)
    for text in cost_sentences(bench.estimate(table_id, schema, config)):
        print(text.replace("**", ""), file=sys.stderr, flush=True)
    run_id = bench.create_run(table_id, schema, config)
    try:
        run = _finish(bench.pretrain(run_id))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"stopped; the app can resume run {run_id}.") from None
    if kept := kept_sentence(run):
        print(kept, file=sys.stderr)
    if arguments.json:
        _print_json(
            {
                "run": run.run_id,
                "state": run.state,
                "table": run.table_name,
                "target": run.schema.target,
                "epochs": run.epochs_done,
                "rows": run.rows,
                "left_out": [{"name": name, "reason": why} for name, why in schema.left_out],
                "summary": run.summary,
            }
        )
    else:
        print(run.run_id)


def embed(arguments: argparse.Namespace) -> None:
    file = None if arguments.file is None else _file(arguments.file)
    with output(arguments.out, file) as unfinished:
        bench, run_id = _bench_and_run(arguments.run)
        source = None
        if file is not None:
            from tjepa.table import read_table

            raw = read_table(file, sheet=arguments.sheet, reading=reading_of(arguments))
            source = raw.frame
            for text in (*raw.notes, *_not_looked_at(bench, run_id, source)):
                print(sentence(text), file=sys.stderr)
        rows, width = _finish(bench.embed_file(run_id, unfinished, source, pool=arguments.pool))
    print(f"{literal(arguments.out)}: {rows:,} rows, {width:,} columns")
    print("One line for each row, in the order of the table.", file=sys.stderr)


def project(arguments: argparse.Namespace) -> None:
    with output(arguments.out, None) as unfinished:
        bench, run_id = _bench_and_run(arguments.run)
        maps = {}
        methods: tuple[Method, ...] = ("pca", "umap")
        for method in methods:
            known = bench.projection(run_id, "tjepa", method)
            work = bench.compute_projection(run_id, "tjepa", method)
            maps[method] = _finish(work) if known is None else known
        points = _joined({name: (m.rows, m.coordinates) for name, m in maps.items()})
        points.to_parquet(unfinished, index=False)
    print(f"{literal(arguments.out)}: {len(points):,} rows, {points.shape[1]} columns")
    total = maps["umap"].n_total
    if len(points) < total:
        print(f"A random sample of the {total:,} rows of the table.")


def _joined(maps: Mapping[str, tuple[Any, Any]]) -> "pd.DataFrame":
    """Row numbers and coordinates [n, 2] of each map as columns, one line per row."""
    import pandas as pd

    frames = [
        pd.DataFrame({f"{name}_1": xy[:, 0], f"{name}_2": xy[:, 1]}, index=pd.Index(rows))
        for name, (rows, xy) in maps.items()
    ]
    return pd.concat(frames, axis=1).sort_index().rename_axis("row").reset_index()


def relevance(arguments: argparse.Namespace) -> None:
    bench, run_id = _bench_and_run(arguments.run)
    known = bench.relevance(run_id)
    result = _finish(bench.compute_relevance(run_id)) if known is None else known
    rankings = list(result.rankings)
    of_column = {
        name: [result.rankings[ranking][i] for ranking in rankings]
        for i, name in enumerate(result.names)
    }
    if arguments.json:
        _print_json(
            {
                "run": run_id,
                "columns": [
                    {"name": name, **dict(zip(rankings, values, strict=True))}
                    for name, values in of_column.items()
                ],
                "agreement": result.agreement,
                "rows": result.rows,
                "seed": result.seed,
                "sentence": result.sentence,
            }
        )
        return
    by = rankings.index("influence")
    first = sorted(of_column.items(), key=lambda item: item[1][by], reverse=True)
    shown = [(name, *map(number, values)) for name, values in first]
    head = ("column", *(ranking.replace("_", " ") for ranking in rankings))
    print(columns(head, shown, right=range(1, len(head))))
    total = bench.run(run_id).rows["total"]
    if result.rows < total:
        print(f"\nMeasured on a random {result.rows:,} of the {total:,} rows of the table.")
    print(f"\n{sentence(result.sentence)}")


def probe(arguments: argparse.Namespace) -> None:
    from tjepa.table import repeats_sentence

    bench, run_id = _bench_and_run(arguments.run)
    known = bench.probe(run_id)
    result = _finish(bench.compute_probe(run_id)) if known is None else known
    main_metric = result.metric
    if arguments.json:
        rows = [
            {
                "model": row.model,
                "representation": row.representation,
                **_interval(row.scores[main_metric]),
                "scores": {name: _interval(score) for name, score in row.scores.items()},
            }
            for row in result.rows
        ]
        _print_json(
            {
                **result.to_parts()[0],
                "run": run_id,
                "task": result.task,
                "metric": main_metric,
                "rows": rows,
                "sentence": result.sentence,
                "repeated": bench.run(run_id).rows.get("repeated", 0),
            }
        )
        return
    others = {name for row in result.rows for name in row.scores} - {main_metric}
    metrics = [main_metric, *sorted(others)]
    shown = [
        (row.model, row.representation, *(_range(row.scores.get(name)) for name in metrics))
        for row in result.rows
    ]
    print(columns(("model", "representation", *(m.replace("_", " ") for m in metrics)), shown))
    print(
        f"\nOn {result.n_test:,} held-out rows, with 95 % intervals; fitted on "
        f"{result.n_train:,} rows, settings chosen on {result.n_validation:,}."
    )
    counted = bench.run(run_id).rows
    repeats = repeats_sentence(counted.get("repeated", 0), counted.get("test", 0))
    for text in (*result.left_out, repeats, result.sentence):
        if text:
            print(sentence(text))


def label_curve(arguments: argparse.Namespace) -> None:
    bench, run_id = _bench_and_run(arguments.run)
    known = bench.label_curve(run_id)
    curve = _finish(bench.compute_label_curve(run_id)) if known is None else known
    if arguments.json:
        _print_json({**curve.to_json(), "run": run_id})
        return
    shown = [
        (
            f"{point.labels:,}",
            point.model,
            point.representation,
            _range(point.score),
            _range(point.gap),
        )
        for point in curve.points
    ]
    head = ("labelled rows", "model", "representation", curve.metric, "T-JEPA - this")
    print(columns(head, shown, right=(0,)))
    print(
        f"\nOn {curve.n_test:,} held-out rows, over {curve.draws:,} draws of labelled rows, with "
        "95 % intervals."
    )
    for text in (*curve.left_out, curve.sentence):
        print(sentence(text))


def _interval(score: Any) -> dict[str, float]:
    return {"value": score.value, "low": score.low, "high": score.high}


def _range(score: Any) -> str:
    if score is None:
        return "–"
    return f"{number(score.value)} [{number(score.low)}, {number(score.high)}]"


def runs(arguments: argparse.Namespace) -> None:
    from tjepa.runs import Store

    store = Store()
    runs, damaged = store.runs(), store.damaged_runs()
    if arguments.json:
        _print_json(
            {
                "runs": [
                    {
                        "run": run.run_id,
                        "state": run.state,
                        "table": run.table_name,
                        "target": run.schema.target,
                        "epochs_done": run.epochs_done,
                        "epochs": run.config.get("epochs"),
                        "created": run.created,
                        "error": run.error,
                    }
                    for run in runs
                ],
                "damaged": [{"run": name, "problem": text} for name, text in damaged.items()],
            }
        )
        return
    table = [
        (
            run.run_id,
            run.state,
            f"{run.epochs_done} of {run.config.get('epochs', '?')}",
            run.schema.target or "–",
            run.table_name,
        )
        for run in runs
    ]
    if table:
        print(columns(("run", "state", "epochs", "target", "table"), table, right=(2,)))
    else:
        note("there is no run yet: begin with `tjepa pretrain FILE`.")
    for text in damaged.values():
        note(text)


def app(arguments: argparse.Namespace) -> None:
    from tjepa.runs.home import default_home

    root = Path(tjepa.__file__).resolve().parent.parent
    if not (root / "app.py").is_file():
        raise CommandError(
            f"The app is not installed with the package: there is no {root / 'app.py'}. Get the "
            "project's source and type `make app` there."
        )
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(arguments.port)]
    # Its settings are found from the folder it starts in; a relative home would move along.
    os.environ["TJEPA_HOME"] = str(default_home().absolute())
    os.chdir(root)
    sys.stdout.flush()
    os.execv(command[0], command)


def _file(path: Path) -> Path:
    """A file that is there, or a pattern of some."""
    if not path.exists():
        if glob.glob(str(path)):
            return path
        raise CommandError(f"There is no file {literal(path)}.")
    if path.is_dir():
        raise CommandError(f"{literal(path)} is a folder: name a file in it.")
    return path


def _bench_and_run(name: str) -> "tuple[Workbench, str]":
    """The workbench and the id of an existing run; ``last`` is the newest one."""
    from tjepa.runs import Store

    store = Store()
    if name != "last":
        run_id = store.run(name).run_id
    elif runs := store.runs():
        run_id = runs[0].run_id
    else:
        raise CommandError("There is no run yet: begin with `tjepa pretrain FILE`.")
    # After the name is known to be good: this imports torch.
    from tjepa.workbench import Workbench

    return Workbench(), run_id


def _finish(work: Work[T]) -> T:
    """Run work to its end with its progress on standard error; close it however it ends."""
    from tjepa.runs import Pace

    with contextlib.closing(work), Meter(sys.stderr, Pace()) as meter:
        return finish(work, meter)


def _equal_together(schema: "Schema", arguments: argparse.Namespace) -> "Schema":
    """The schema with the split that was asked for."""
    if not arguments.equal_together:
        return schema
    return replace(schema, split=replace(schema.split, equal_together=True))


def _split_in_words(frame: "pd.DataFrame", schema: "Schema") -> str:
    """How many rows go where, how they were drawn, and what is on both sides."""
    from tjepa.table import split_table, with_repeats

    split = with_repeats(split_table(frame, schema), frame, schema)
    return (
        f"{len(split.train):,} rows to train, {len(split.validation):,} to validate, "
        f"{len(split.test):,} held out. {split.note}"
    )


def _not_looked_at(bench: "Workbench", run_id: str, frame: "pd.DataFrame") -> list[str]:
    """A sentence that names the columns of `frame` that a run does not use."""
    from tjepa.table.reading.names import listed

    used = {name for column in bench.run(run_id).schema.features for name in column.names}
    others = [name for name in frame.columns if name not in used]
    return [f"Columns that the run does not use, left out: {listed(others)}."] if others else []


def _print_json(value: Mapping[str, Any]) -> None:
    from tjepa.runs.files import to_json

    print(to_json(value, indent=2))


def _print_left_out(schema: "Schema", stream: Any) -> None:
    for name, reason in schema.left_out:
        print(f"Left out: {literal(name)} ({literal(reason)})", file=stream)
