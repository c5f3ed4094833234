import pytest

from tjepa.table import hints


@pytest.mark.parametrize(
    "name", ["id", "customer_id", "customerID", "Order ID", "invoice no", "No."]
)
def test_names_of_identifiers(name: str) -> None:
    assert hints.identifies(name)


@pytest.mark.parametrize("name", ["amount paid", "citric acid", "X", "", "1", "No answer"])
def test_names_that_only_look_like_those_of_identifiers(name: str) -> None:
    assert not hints.identifies(name)


@pytest.mark.parametrize(
    "name", ["Cover_Type", "pclass", "MS SubClass", "DayOfWeek", "day_of_week"]
)
def test_names_of_groups(name: str) -> None:
    assert hints.is_group(name)


@pytest.mark.parametrize(
    "name", ["classes", "num_type", "group size", "DayofMonth", "seasonal", ""]
)
def test_names_that_are_not_of_groups(name: str) -> None:
    assert not hints.is_group(name)


@pytest.mark.parametrize("name", ["num_dependents", "n_rooms", "number of cars", "wordCount"])
def test_names_of_counts(name: str) -> None:
    assert hints.counts(name)
    assert hints.is_amount(name)
    assert not hints.is_number_of_one(name)


@pytest.mark.parametrize("name", ["FlightNum", "hospital_number", "Case Number"])
def test_names_of_the_number_of_one_thing(name: str) -> None:
    assert hints.is_number_of_one(name)
    assert not hints.counts(name)


@pytest.mark.parametrize("name", ["num", "education", "country", "n", "number"])
def test_names_that_are_not_of_counts(name: str) -> None:
    assert not hints.counts(name)
    assert not hints.is_number_of_one(name)


def test_a_month_is_no_duration_and_no_day() -> None:
    assert hints.is_month("Month")
    assert hints.is_month("birth_month")
    assert not hints.is_month("months")
    assert not hints.is_month("DayofMonth")


@pytest.mark.parametrize("name", ["order_date", "createdAt", "orderdate", "DOB", "Datum"])
def test_names_of_dates(name: str) -> None:
    assert hints.is_date(name)


@pytest.mark.parametrize("name", ["candidate_count", "price", "mandated share", ""])
def test_names_that_are_not_of_dates(name: str) -> None:
    assert not hints.is_date(name)
