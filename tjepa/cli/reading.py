"""Options that say how a file is to be read, where what is found out is not right."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tjepa.table import FileReading

_WORDS = {"none": "", "blanks": "  ", "tab": "\t", "\\t": "\t", "space": " "}
_MARK_HELP = "one character, or tab, space, none"


def add_options(command: argparse.ArgumentParser) -> None:
    """The sheet, and one option per field of `FileReading`."""
    group = command.add_argument_group(
        "how the file is read", "What is not given is found out; `tjepa inspect` says it."
    )
    group.add_argument("--sheet", metavar="NAME", help="the sheet of an Excel file")
    group.add_argument(
        "--format", choices=("text", "json", "arff"), help="of a text that is taken for another"
    )
    group.add_argument("--encoding", metavar="NAME", help="of text, such as windows-1252")
    group.add_argument(
        "--delimiter", metavar="MARK", type=_mark, help=f"{_MARK_HELP}; ||, ::, or blanks for runs"
    )
    group.add_argument("--quote", metavar="MARK", type=_mark, help=_MARK_HELP)
    group.add_argument("--decimal", choices=(".", ","), help="the decimal mark of numbers")
    group.add_argument("--thousands", metavar="MARK", type=_mark, help=_MARK_HELP)
    group.add_argument(
        "--comment", metavar="MARK", type=_mark, help="what lines to leave out begin with, or none"
    )
    group.add_argument(
        "--header-row",
        metavar="N",
        dest="header",
        type=_row,
        help="the line or row with the names of the columns, from 1; none",
    )
    group.add_argument(
        "--header-rows",
        metavar="N",
        type=_row,
        help="how many rows the header has; the names in them are joined",
    )
    group.add_argument(
        "--footer-rows",
        metavar="N",
        dest="footer",
        type=_row,
        help="lines or rows to leave out at the end",
    )


def reading_of(arguments: argparse.Namespace) -> "FileReading":
    """What the options say."""
    from tjepa.table import FileReading

    return FileReading(
        format=arguments.format,
        encoding=arguments.encoding,
        delimiter=arguments.delimiter,
        quote=arguments.quote,
        decimal=arguments.decimal,
        thousands=arguments.thousands,
        comment=arguments.comment,
        header=arguments.header,
        footer=arguments.footer,
        header_rows=arguments.header_rows,
    )


def _mark(text: str) -> str:
    return _WORDS.get(text, text)


def _row(text: str) -> int:
    if text == "none":
        return 0
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on, nor none")
    return int(text)
