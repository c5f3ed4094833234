"""Whether a text is one statement that only reads, for engines that do not see to it themselves.

What is a string and what is a comment differs from engine to engine, and a difference could hide a
statement. So a text is read only as far as all of them read it alike; the rest is refused.
"""

import re

ONLY_READS = "it only reads: give one statement that begins with SELECT or WITH"

_QUIET = re.compile(
    r"""
    (?P<text>'[^'\\]*' | "[^"\\]*" | `[^`\\]*`)    # a doubled quote is two of them
    | (?P<comment>--(?=[\s]|\Z)[^\r\n]* | /\*(?![!M+])(?:(?!/\*|\*/).)*\*/)
    """,
    re.VERBOSE | re.DOTALL,
)
_BRACKETS = re.compile(r"\[(?:\s*'[^'\\\]]*'\s*|[^\[\]'\"`/#\-]*)\]")
_UNSURE = {
    "'": "a ' that is not closed, or a \\ between quotes",
    '"': 'a " that is not closed, or a \\ between quotes',
    "`": "a ` that is not closed, or a \\ between quotes",
    "[": "a [ with quotes or signs after it",
    "--": "-- without a space after it",
    "/*": "/* in a comment, not closed, or with ! or + after it",
    "//": "// outside quotes",
    "#": "# outside quotes",
    "$$": "$ … $ as quotes",
    "q'": "q' as a quote",
}
_SIGNS = re.compile(r"--|/\*|//|\$\w*\$|[nN]?[qQ](?=')|['\"`\[\#]")
# Words of statements that may stand in a WITH, or after a SELECT with nothing between them: SQL
# Server takes that for two statements.
_WRITES = re.compile(
    r"""
    ALTER | BACKUP | BEGIN | BULK | CHECKPOINT | COMMIT | CREATE | DBCC | DECLARE | DELETE | DENY
    | DROP | EXEC | EXECUTE | GRANT | INSERT | INTO | KILL | MERGE | NEXTVAL | OPENDATASOURCE
    | OPENQUERY | OPENROWSET | RECEIVE | RECONFIGURE | RESTORE | REVERT | REVOKE | ROLLBACK | SAVE
    | SAVEPOINT | SET | SHUTDOWN | TRIGGER | TRUNCATE | UPDATE | UPDATETEXT | UPSERT | WAITFOR
    | WRITETEXT | XP_CMDSHELL
    """,
    re.VERBOSE,
)


class NotReadingError(Exception):
    """The statement writes, is several, or cannot be told from one that does."""


def check_reads(query: str) -> None:
    """Raise NotReadingError, in words for a person, unless `query` is one SELECT or WITH."""
    code = _code(query).strip().rstrip(";").strip()
    words = [word.upper() for word in re.findall(r"[^\W\d][\w$]*", code)]
    if not words or not re.match(r"\(*\s*(SELECT|WITH)\b", code, re.IGNORECASE):
        raise NotReadingError(ONLY_READS)
    if ";" in code:
        raise NotReadingError(f"{ONLY_READS}, and only one")
    if found := next((word for word in words if _WRITES.fullmatch(word)), None):
        raise NotReadingError(
            f"it only reads, and {found} stands outside quotes. Put a name like that in quotes"
        )


def _code(query: str) -> str:
    """The text with a blank for each string, quoted name and comment."""
    parts, place = [], 0
    while place < len(query):
        if quiet := _QUIET.match(query, place) or _BRACKETS.match(query, place):
            parts.append(" _ " if quiet.lastgroup != "comment" else " ")
            place = quiet.end()
        elif sign := _SIGNS.match(query, place):
            found = "$$" if sign[0].startswith("$") else sign[0]
            found = "q'" if found.lower().endswith("q") else found
            raise NotReadingError(
                f"the query has {_UNSURE[found]}, which databases read differently, so it is not "
                "sure that it only reads. Write that in another way"
            )
        else:
            parts.append(query[place])
            place += 1
    return "".join(parts)
