"""The command line: what can be asked for, and one clear line for what cannot."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import tjepa
from tjepa.cli import commands
from tjepa.cli.reading import add_options
from tjepa.cli.sources import add_source
from tjepa.cli.terminal import CommandError

PORT = 8501


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message} (see `{self.prog} --help`)")


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return value

    return parse


def parser() -> _Parser:
    top = _Parser(
        prog="tjepa",
        description="Self-supervised row embeddings of tables, and the instruments to judge them.",
        epilog="Tables, runs and results are kept in TJEPA_HOME.",
    )
    top.add_argument("--version", action="version", version=f"tjepa {tjepa.__version__}")
    known = top.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], None], text: str) -> _Parser:
        added = known.add_parser(name, help=text, description=text, allow_abbrev=False)
        added.set_defaults(command=command)
        return added

    run_help = "the id of a run, or `last`"
    json_help = "print JSON instead of text"

    inspect = add("inspect", commands.inspect, "Say how a table is understood.")
    pretrain = add("pretrain", commands.pretrain, "Pre-train on a table; prints the run's id.")
    for command in (inspect, pretrain):
        add_source(command, _whole_number(1, 5_000_000), _whole_number(1, 86_400))
        command.add_argument(
            "--target", metavar="COLUMN", help="hidden from the encoder, for probes"
        )
    inspect.add_argument(
        "--profile",
        action="store_true",
        help="say how the values are distributed, what is missing and what goes with what",
    )
    inspect.add_argument(
        "--schema-out",
        metavar="S.json",
        type=Path,
        help="write the schema, to change and use again",
    )
    for command in (inspect, pretrain):
        command.add_argument(
            "--equal-together",
            action="store_true",
            help="keep rows that are equal on one side of the split into training and held-out",
        )
    pretrain.add_argument(
        "--schema", metavar="S.json", type=Path, help="a saved schema instead of the inferred one"
    )
    pretrain.add_argument(
        "--preset",
        choices=("quick", "balanced", "thorough", "paper"),
        default="quick",
        help="sizes, losses and number of steps (default: %(default)s)",
    )
    pretrain.add_argument(
        "--epochs", metavar="N", type=_whole_number(1, 100_000), help="instead of the preset's"
    )
    pretrain.add_argument(
        "--seed",
        metavar="N",
        type=_whole_number(0, 2**31 - 1),
        help="of weights, masks and batches; the split of the rows keeps its own (default: 0)",
    )

    embed = add("embed", commands.embed, "Write the vectors of a run's rows, or of another file's.")
    embed.add_argument("run", metavar="RUN", help=run_help)
    embed.add_argument("file", metavar="FILE", type=Path, nargs="?", help="rows to embed")
    for command in (inspect, pretrain, embed):
        add_options(command)
    embed.add_argument(
        "--pool",
        choices=("flat", "mean", "projected"),
        default="flat",
        help="features side by side, averaged, or side by side and projected to 2,048 numbers "
        "(default: %(default)s)",
    )
    project = add("project", commands.project, "Write the PCA and UMAP maps of a run's rows.")
    project.add_argument("run", metavar="RUN", help=run_help)
    for command in (embed, project):
        command.add_argument("--out", metavar="OUT.parquet", type=Path, required=True)

    relevance = add("relevance", commands.relevance, "Say how much each column matters.")
    probe = add("probe", commands.probe, "Compare vectors with boosted trees and controls.")
    curve = add("label-curve", commands.label_curve, "Compare them where few rows have a label.")
    for command in (relevance, probe, curve):
        command.add_argument("run", metavar="RUN", help=run_help)
    runs = add("runs", commands.runs, "List the runs, newest first.")
    for command in (inspect, pretrain, relevance, probe, curve, runs):
        command.add_argument("--json", action="store_true", help=json_help)

    app = add("app", commands.app, "Serve the app on this machine.")
    app.add_argument(
        "--port",
        metavar="N",
        type=_whole_number(1, 65_535),
        default=PORT,
        help="default: %(default)s",
    )
    return top
