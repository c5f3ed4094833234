"""A profile as lines of text: a distribution per column, what is missing, what goes with what."""

from typing import TYPE_CHECKING

from tjepa.cli.terminal import columns, literal, sentence

if TYPE_CHECKING:
    from tjepa.table import TableProfile

PAIRS = 10


def print_profile(looked: "TableProfile") -> None:
    from tjepa.report import profile_words as words

    print(looked.sentence)
    print()
    lines = [
        (
            column.name,
            words.share_text(column.missing, column.n_rows),
            words.blocks(column),
        )
        for column in looked.columns
    ]
    print(columns(("column", "missing", "distribution"), lines, right=(1,)))
    print()
    print(sentence(" ".join(words.missing_sentences(looked.missing))))
    for names in looked.missing.same[:PAIRS]:
        print(f"Missing in the same rows: {', '.join(map(literal, names))}")
    print()
    found = looked.associations
    print(sentence(" ".join(words.association_sentences(found))))
    if found.pairs:
        print()
        shown = [
            (
                pair.left,
                pair.right,
                f"{pair.strength:.2f}",
                "" if pair.direction is None else f"{pair.direction:+.2f}",
            )
            for pair in found.pairs[:PAIRS]
        ]
        print(columns(("column", "and", "association", "rank correlation"), shown, right=(2, 3)))
    target = [pair for pair in found.to_target if pair.sure][:PAIRS]
    if target:
        print()
        strongest = [(pair.right, f"{pair.strength:.2f}") for pair in target]
        print(columns((f"with {found.target}", "association"), strongest, right=(1,)))
