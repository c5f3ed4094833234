"""A profile in words: facts of a column, takeaways of figures, and bars made of letters."""

import numpy as np

from tjepa.report.labels import count
from tjepa.table.profiles import (
    Associations,
    ByClass,
    ByMean,
    ColumnProfile,
    Counts,
    Histogram,
    Missing,
    Pair,
    rows_sentence,
)

BLOCKS = "▁▂▃▄▅▆▇█"
BLOCKS_WIDE = 20
NAMED = 3
SURE = 0.01
"""Differences of the target that are likelier than this by chance are not called differences."""
QUARTER, MEDIAN, THREE_QUARTERS = 2, 3, 4
"""Their places among the quantiles of a column."""

__all__ = [
    "association_sentences",
    "bin_text",
    "blocks",
    "by_target_sentence",
    "column_sentences",
    "missing_sentences",
    "number_text",
    "pair_words",
    "rows_sentence",
    "shape_sentence",
    "share_text",
]


def number_text(value: float) -> str:
    """`1,234`, `0.0123`, `1.2e+09`: four digits, or a whole number of up to nine."""
    if not np.isfinite(value):
        return "beyond what can be counted"
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:,.4g}"


def share_text(part: float, whole: float) -> str:
    """`12 %`; small shares get the digits they need, and nothing is rounded to none or to all."""
    if whole == 0 or part == 0:
        return "0 %"
    share = 100 * part / whole
    if share < 0.1:
        return "under 0.1 %"
    if share < 10:
        return f"{share:.1f} %"
    return "over 99 %" if 99 < share < 100 else f"{share:.0f} %"


def bin_text(shape: Histogram, place: int) -> str:
    """From where to where a bin goes: `20 to 24` of whole numbers; a day or month of dates."""
    low, high = shape.edges[place], shape.edges[place + 1]
    if shape.of == "dates":
        first, last = (np.int64(edge).astype("datetime64[us]") for edge in (low, high))
        return _period(first, last)
    if shape.of in ("whole numbers", "characters"):
        first, last = int(np.ceil(low)), int(np.ceil(high)) - 1
        return f"{first:,}" if first >= last else f"{first:,} to {last:,}"
    return f"{number_text(low)} to {number_text(high)}"


def column_sentences(column: ColumnProfile) -> list[str]:
    """What is to be known of a column, besides its picture."""
    sentences = [_missing(column)]
    facts = column.numbers
    if column.distinct == 0:
        return ["Every cell is missing."]
    if column.distinct == 1:
        what = column.commonest[0][0] if column.commonest else None
        sentences.append(f"Only one value{f': {what}' if what is not None else ''}.")
    else:
        sentences.append(f"{count(column.distinct, 'distinct value')}.")
    if facts is not None and column.distinct > 1:
        low, _, first, median, third, _, high = map(number_text, facts.quantiles)
        sentences.append(
            f"Median {median}, the middle half from {first} to {third}, all from {low} to {high}."
        )
        spread = f" ± {number_text(facts.deviation)}" if np.isfinite(facts.deviation) else ""
        sentences.append(f"Mean {number_text(facts.mean)}{spread}.")
        some = []
        if facts.zeros:
            some.append(f"{share_text(facts.zeros, column.cells)} zeros")
        if facts.negative:
            some.append(f"{share_text(facts.negative, column.cells)} negative")
        if some:
            sentences.append(f"{', '.join(some)}.")
    if column.first and column.distinct > 1:
        sentences.append(f"From {column.first} to {column.last}.")
    if column.commonest and column.distinct > 1:
        listed = ", ".join(
            f"{_short(value)} ({share_text(n, column.cells)})"
            for value, n in column.commonest[:NAMED]
        )
        sentences.append(f"Commonest: {listed}.")
    elif column.distinct > 1 and column.kind in ("id", "text"):
        sentences.append("No value repeats.")
    if column.examples:
        sentences.append(f"For example: {'; '.join(_short(text, 80) for text in column.examples)}.")
    outside = _outside(column)
    return [*sentences, *([outside] if outside else [])]


def shape_sentence(column: ColumnProfile) -> str:
    """The takeaway of a column's figure."""
    shape, name = column.shape, column.name
    if shape is None:
        return f"{name}: nothing to draw."
    if isinstance(shape, Counts):
        some = ", ".join(
            f"{_short(value)} {share_text(n, column.cells)}"
            for value, n in list(zip(shape.values, shape.counts, strict=True))[:NAMED]
        )
        rest = f" and {count(len(shape.values) + shape.others - NAMED, 'more value')}"
        return f"{name} is {some}{rest if len(shape.values) > NAMED else ''}."
    peak = int(np.argmax(shape.counts))
    of = "Texts of " if shape.of == "characters" else ""
    unit = " characters" if shape.of == "characters" else ""
    return (
        f"{name}: {of}{bin_text(shape, peak)}{unit} is the commonest bin, with "
        f"{share_text(shape.counts[peak], column.cells)} of the values."
    )


def by_target_sentence(found: ByClass | ByMean, column: ColumnProfile) -> str:
    """Where the target is highest and lowest, of bins with some rows; or that it is nowhere so."""
    if found.chance > SURE:
        return (
            f"{found.target} does not differ along this column by more than chance would have it."
        )
    shape = column.shape
    assert shape is not None
    names = (
        [*shape.values, f"other {shape.others:,}"]
        if isinstance(shape, Counts)
        else [bin_text(shape, place) for place in range(len(shape.counts))]
    )
    if isinstance(found, ByMean):
        some = np.flatnonzero(~np.isnan(found.half))
        if len(some) < 2:
            return ""
        low, high = some[np.argmin(found.means[some])], some[np.argmax(found.means[some])]
        return (
            f"The mean of {found.target} goes from {number_text(found.means[low])} at "
            f"{_short(names[low])} to {number_text(found.means[high])} at {_short(names[high])}; "
            f"overall it is {number_text(found.overall)}."
        )
    sizes = found.counts.sum(axis=0)
    some = np.flatnonzero(sizes >= max(10, sizes.sum() / 100))
    if len(some) < 2:
        return ""
    # The rarer of two classes is what one asks for.
    place = 1 if len(found.classes) == 2 else 0
    shares = found.counts[place, some] / sizes[some]
    low, high = some[np.argmin(shares)], some[np.argmax(shares)]
    ends = [share_text(found.counts[place, at], sizes[at]) for at in (low, high)]
    return (
        f"The share of {found.target} = {_short(found.classes[place])} goes from {ends[0]} at "
        f"{_short(names[low])} to {ends[1]} at {_short(names[high])}."
    )


def missing_sentences(found: Missing) -> list[str]:
    """What is missing, and how much of it together."""
    looked = rows_sentence(found.rows, found.n_rows)
    if found.columns == 0:
        return ["No cell is missing, in any row or column."]
    columns = f"{count(found.columns, 'column')} of {found.columns + found.whole:,}"
    have = "has" if found.columns == 1 else "have"
    first = f"{columns} {have} missing cells; "
    if found.complete == found.rows:
        first += "the rows looked at have none. "
    elif found.complete:
        first += f"{share_text(found.complete, found.rows)} of the rows have none. "
    else:
        first += "no row is without. "
    sentences = [first + looked]
    if found.columns > len(found.names):
        sentences.append(
            f"Drawn: the {len(found.names):,} columns with the most missing cells; "
            f"{found.columns - len(found.names):,} others have fewer."
        )
    return sentences


def association_sentences(found: Associations) -> list[str]:
    """How many pairs stand out from chance, and what was not looked at."""
    looked = rows_sentence(found.rows, found.n_rows)
    if found.columns < 2:
        return [f"Fewer than two columns can be related: there is nothing to compare. {looked}"]
    sentences = []
    if not found.pairs and found.measured == 1:
        sentences.append(f"The one pair of columns does not stand out from chance. {looked}")
    elif not found.pairs:
        sentences.append(
            f"None of {count(found.measured, 'pair')} of columns stands out from chance. {looked}"
        )
    else:
        of = f"{len(found.pairs):,} of {count(found.measured, 'pair')} of columns"
        stand = "stands" if len(found.pairs) == 1 else "stand"
        if found.measured == 1:
            of = "The one pair of columns"
        sentences.append(f"{of} {stand} out from chance. {looked}")
    if found.chosen:
        sentences.append(
            f"Every pair of {len(found.names):,} of {found.columns:,} columns was measured: "
            f"{found.chosen}."
        )
    if found.left_out:
        sentences.append(f"Not related: {_left_out(found)}.")
    return sentences


def pair_words(pair: Pair) -> str:
    """`age and income 0.45, rising together`."""
    direction = ""
    if pair.direction is not None and abs(pair.direction) >= 0.1:
        way = "rising together" if pair.direction > 0 else "one rising as the other falls"
        direction = f", {way}"
    return f"{_short(pair.left)} and {_short(pair.right)} {pair.strength:.2f}{direction}"


def blocks(column: ColumnProfile) -> str:
    """A distribution on one line: bars made of block characters, or the largest values."""
    shape = column.shape
    if shape is None:
        return f"e.g. {'; '.join(column.examples)}" if column.examples else ""
    if isinstance(shape, Counts):
        order = np.argsort([-n for n in shape.counts], kind="stable")[:NAMED]
        parts = [
            f"{_short(shape.values[i], 20)} {share_text(shape.counts[i], column.cells)}"
            for i in order
        ]
        more = len(shape.values) - len(order) + shape.others
        return ", ".join(parts) + (f", {more:,} more" if more else "")
    counts = np.asarray(shape.counts, dtype=float)
    groups = np.array_split(counts, min(BLOCKS_WIDE, len(counts)))
    heights = np.array([group.mean() for group in groups])
    tops = np.ceil(heights / max(heights.max(), 1e-12) * len(BLOCKS)).astype(int)
    bars = "".join(BLOCKS[top - 1] if top else " " for top in tops)
    first, last = bin_text(shape, 0), bin_text(shape, len(shape.counts) - 1)
    low, high = first.split(" to ")[0], last.split(" to ")[-1]
    below, above = "‹" if shape.below else "", "›" if shape.above else ""
    unit = " characters" if shape.of == "characters" else ""
    return f"{low} {below}{bars}{above} {high}{unit}"


def _missing(column: ColumnProfile) -> str:
    if not column.missing:
        return "Nothing is missing."
    share = share_text(column.missing, column.n_rows)
    return f"{share} missing ({column.missing:,} of {count(column.n_rows, 'row')})."


def _outside(column: ColumnProfile) -> str:
    shape = column.shape
    if not isinstance(shape, Histogram) or not (shape.below or shape.above):
        return ""
    low, high = shape.edges[0], shape.edges[-1]
    ends = []
    if shape.below:
        least = column.first or (number_text(column.numbers.quantiles[0]) if column.numbers else "")
        ends.append(
            f"{shape.below:,} below {_edge(shape, low)}" + (f" (from {least})" if least else "")
        )
    if shape.above:
        most = column.last or (number_text(column.numbers.quantiles[-1]) if column.numbers else "")
        ends.append(
            f"{shape.above:,} above {_edge(shape, high)}" + (f" (up to {most})" if most else "")
        )
    return f"Far from the others and not drawn: {' and '.join(ends)}."


def _edge(shape: Histogram, edge: float) -> str:
    if shape.of == "dates":
        return str(np.int64(edge).astype("datetime64[us]").astype("datetime64[D]"))
    if shape.of == "numbers":
        return number_text(edge)
    return f"{int(np.ceil(edge)) if edge == shape.edges[0] else int(np.floor(edge)):,}"


def _period(first: np.datetime64, last: np.datetime64) -> str:
    """The name of a span of time that ends before `last`."""
    for unit in ("Y", "M", "D"):
        starts = first.astype(f"datetime64[{unit}]")
        if (
            starts.astype("datetime64[us]") == first
            and last.astype(f"datetime64[{unit}]").astype("datetime64[us]") == last
        ):
            ends = last.astype(f"datetime64[{unit}]") - 1
            return str(starts) if ends <= starts else f"{starts} to {ends}"
    day, time = str(first.astype("datetime64[s]")).split("T")
    return f"{day} {time}"


def _left_out(found: Associations) -> str:
    reasons: dict[str, list[str]] = {}
    for name, reason in found.left_out:
        reasons.setdefault(reason, []).append(name)
    parts = []
    for reason, names in reasons.items():
        listed = ", ".join(map(_short, names[:NAMED]))
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        parts.append(f"{listed}{more} ({reason})")
    return "; ".join(parts)


def _short(text: str, limit: int = 32) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
