"""The one exception family whose message is written for the person at the screen."""


class TjepaError(Exception):
    """A problem the person can act on.

    The message is one or two sentences: what is wrong, where (file, sheet, row, column),
    what to do. It is safe to show; the technical cause stays in ``__cause__`` for the log.
    """


class ReadingError(TjepaError):
    """The bytes, path or sheet cannot be read as a table."""


class SchemaError(TjepaError):
    """A column, kind, target or task does not fit the table."""


class ConfigError(TjepaError, ValueError):
    """A pre-training setting is out of range or contradicts another one."""


class EncodingError(TjepaError, ValueError):
    """A frame does not fit the encoding it is given to, or cannot be encoded."""


class StoreError(TjepaError):
    """A run, table or artefact is absent, unfinished or damaged."""


class AnalysisError(TjepaError):
    """An analysis does not apply to this run, or its input is too small or too large."""


class QueueFullError(TjepaError):
    """The job manager has as many jobs waiting as it accepts."""


def quoted(name: object) -> str:
    """A name or cell from outside as a message may repeat it: on one line, not too long."""
    text = str(name)
    return repr(text if len(text) <= 60 else text[:59] + "…")
