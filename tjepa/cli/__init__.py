"""The workbench from a shell: progress on standard error, results on standard output.

Exit codes: 0 done, 2 bad input (one line that begins with ``tjepa:``), 130 stopped with Ctrl-C,
141 the reader of the output has gone. Anything else is a fault of this program and shows where.
"""

from collections.abc import Sequence

from tjepa.cli.arguments import parser
from tjepa.cli.terminal import accept_any_text, leave_quietly, note
from tjepa.errors import TjepaError

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. ``--help`` and ``--version`` raise SystemExit(0)."""
    accept_any_text()
    try:
        arguments = parser().parse_args(argv)
        arguments.command(arguments)
        print(end="", flush=True)  # a reader that has gone is noticed here, not at Python's exit
    except TjepaError as error:
        note(str(error))
        return 2
    except BrokenPipeError:
        leave_quietly()
        return 141  # what a shell makes of SIGPIPE
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        note(f"{where}{error.strerror or type(error).__name__}.")
        return 2
    except KeyboardInterrupt as stop:
        note(str(stop) or "stopped.")
        return 130
    return 0
