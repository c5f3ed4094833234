import numpy as np
import pandas as pd

from tjepa.table import Suggestion, infer_schema, override, suggestions

N = 400
RANDOM = np.random.default_rng(0)


def worded(**columns: np.ndarray) -> pd.DataFrame:
    town = pd.Series(np.random.default_rng(1).choice(["Oslo", "Rome", "Bonn"], N), dtype="str")
    return pd.DataFrame({"town": town, "length": RANDOM.normal(size=N), **columns})


def said(table: pd.DataFrame) -> list[Suggestion]:
    return list(suggestions(table, infer_schema(table)))


def drawn(shares: list[float], first: int = 1) -> np.ndarray:
    return np.random.default_rng(3).choice(len(shares), N, p=shares) + first


def test_numbers_that_may_be_codes_are_offered_as_categories() -> None:
    table = worded(residence=drawn([0.2, 0.4, 0.1, 0.3]), plan=drawn([0.3, 0.5, 0.2]))
    (found,) = said(table)
    assert (found.columns, found.action) == (("residence", "plan"), "Read as categories")
    assert "'residence', 'plan' have few whole numbers, 1 to 4, 1 to 3 without a gap" in (
        found.evidence
    )
    schema = infer_schema(table)
    now = override(schema, table, **found.taking(schema))
    assert now.column("plan").kind == "categorical"
    assert override(now, table, **found.undoing(now, schema)) == schema


def test_counts_are_no_codes() -> None:
    uneven = [0.2, 0.4, 0.1, 0.3]
    assert said(worded(n=drawn(uneven, first=0))) == []
    assert said(worded(rooms=drawn(uneven))) == []
    assert said(worded(num_pets=drawn(uneven))) == []
    assert said(worded(n=drawn([0.6, 0.3, 0.08, 0.02]))) == []
    assert said(worded(visit=np.repeat([1, 2, 3, 4], N // 4))) == []


def test_the_number_of_one_thing_is_offered_as_a_category() -> None:
    (found,) = said(worded(FlightNum=np.random.default_rng(4).integers(1, 90, N)))
    assert (found.columns, found.action) == (("FlightNum",), "Read as categories")


def test_answers_on_one_scale_are_offered_in_their_order() -> None:
    answers = {
        name: np.random.default_rng(i).choice(5, N, p=[0.1, 0.2, 0.4, 0.2, 0.1]) + 1
        for i, name in enumerate("abcd")
    }
    table = pd.DataFrame({**answers, "length": np.random.default_rng(9).normal(size=N)})
    (found,) = said(table)
    assert (found.columns, found.action) == (tuple("abcd"), "Keep the order")
    assert found.change["orders"]["a"] == ("1", "2", "3", "4", "5")
    schema = infer_schema(table)
    now = override(schema, table, **found.taking(schema))
    assert now.column("a").kind == "ordinal"
    assert override(now, table, **found.undoing(now, schema)) == schema
