"""One suggestion: evidence, and a change that can be made and taken back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tjepa.table.schema import Schema

FIELDS = {
    "kinds": "kind",
    "used": "used",
    "missing_values": "missing_values",
    "orders": "order",
    "formats": "format",
    "together": "together",
}
"""The arguments of `override` that a suggestion may have, each with its field of a column."""

Changes = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Suggestion:
    """A change to some `columns`: the `evidence` is a sentence or two, the `action` a few words.

    `change` has arguments of `override`, each a mapping from column to value.
    """

    columns: tuple[str, ...]
    evidence: str
    action: str
    change: Mapping[str, Mapping[str, Any]]

    def is_taken(self, schema: Schema) -> bool:
        """Whether `schema` is already as suggested."""
        for argument, values in self.change.items():
            for name, value in values.items():
                current = getattr(schema.column(name), FIELDS[argument])
                within = argument == "missing_values" and set(value) <= set(current)
                if current != value and not within:
                    return False
        return True

    def taking(self, schema: Schema) -> Changes:
        """The arguments of `override` that take it; values already read as missing stay so."""
        changes = {argument: dict(values) for argument, values in self.change.items()}
        for name, value in changes.get("missing_values", {}).items():
            known = schema.column(name).missing_values
            changes["missing_values"][name] = (*known, *(v for v in value if v not in known))
        return changes

    def undoing(self, schema: Schema, before: Schema) -> Changes:
        """The arguments of `override` that take it back, to what `before` says."""
        changes: Changes = {}
        for argument, values in self.change.items():
            field = FIELDS[argument]
            changes[argument] = {name: getattr(before.column(name), field) for name in values}
        for name in changes.get("missing_values", {}):
            taken = self.change["missing_values"][name]
            kept = schema.column(name).missing_values
            changes["missing_values"][name] = tuple(v for v in kept if v not in taken)
        return changes


def leave_out(columns: tuple[str, ...], evidence: str, of: str = "") -> Suggestion:
    """The suggestion not to give some columns to the encoder."""
    what = "Leave it out" if len(columns) == 1 else "Leave them out"
    what = f"Leave {of} out" if of else what
    return Suggestion(columns, evidence, what, {"used": dict.fromkeys(columns, False)})
