"""Real files as they were published, beside the typed Parquet files that were made of them.

What differs is meant, and named here: the twins carry knowledge about each column (that a code is
no number, that "None" means missing), which a reader cannot have.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tjepa.table import infer_schema
from tjepa.table.reading.raw_table import RawTable, read_table


def read(shared_data: Path, file: str) -> tuple[RawTable, pd.DataFrame]:
    twin = pd.read_parquet(shared_data / f"{file.partition('.')[0]}.parquet")
    return read_table(shared_data / "raw" / file), twin


def assert_same(found: pd.DataFrame, twin: pd.DataFrame, codes: str = "") -> None:
    """Equal names, cells and types; the named columns are numbers here and text in the twin."""
    found = found.copy()
    for name in filter(None, codes.split(", ")):
        assert found[name].dtype in (np.int64, np.float64)
        numbers = found[name].astype("Int64").astype("str").where(found[name].notna())
        found[name] = numbers.astype(twin[name].dtype)
    pd.testing.assert_frame_equal(found, twin, check_exact=True)


@pytest.mark.parametrize(
    ("file", "codes"),
    [
        ("bank_marketing.csv", ""),
        ("california_messy.csv", ""),
        ("nyc_taxis.csv", ""),
        ("penguins.csv", ""),
        ("telco_churn.csv", "SeniorCitizen"),
    ],
)
def test_files_that_are_read_as_their_twins(file: str, codes: str, shared_data: Path) -> None:
    raw, twin = read(shared_data, file)
    assert_same(raw.frame, twin, codes)


def test_blanks_are_named(shared_data: Path) -> None:
    raw, _ = read(shared_data, "telco_churn.csv")
    assert raw.notes == ("Read as missing: 11 blank cells (TotalCharges).",)


def test_ames_has_a_row_twice_and_none_as_a_word(shared_data: Path) -> None:
    raw, twin = read(shared_data, "ames.tsv")
    assert raw.frame.shape == (2931, 82)
    found = raw.frame.drop_duplicates(ignore_index=True)
    found["Mas Vnr Type"] = found["Mas Vnr Type"].replace("None", np.nan)
    twin["Sale Type"] = twin["Sale Type"].str.strip()
    assert_same(found, twin)
    assert raw.notes[0].startswith("Read as missing: “NA” in 13,281 cells (Alley, Bsmt Qual, ")


def test_chipotle_has_prices_in_words(shared_data: Path) -> None:
    raw, twin = read(shared_data, "chipotle.tsv")
    assert raw.frame["item_price"].dtype == "str"
    raw.frame["item_price"] = raw.frame["item_price"].str.removeprefix("$").astype(float)
    assert_same(raw.frame, twin, "order_id")
    assert raw.notes == ("Read as missing: “NULL” in 1,246 cells (choice_description).",)


def test_german_credit_has_no_header(shared_data: Path) -> None:
    raw, twin = read(shared_data, "german_credit.csv")
    assert list(raw.frame)[::20] == ["column 1", "column 21"]
    assert_same(raw.frame.set_axis(twin.columns, axis=1), twin, "class")
    assert raw.notes == (
        "The file has no header: its columns are named “column 1” to “column 21”.",
    )


def test_horse_colic_has_codes_with_leading_zeros(shared_data: Path) -> None:
    raw, twin = read(shared_data, "horse_colic.csv")
    found = raw.frame.set_axis(twin.columns, axis=1)
    for name in ("lesion_1", "lesion_2", "lesion_3"):
        assert found[name].dtype == "str"
        assert found[name].str.len().eq(5).any()
        found[name] = found[name].astype(int).astype("str")
    codes = (
        "surgery, age, hospital_number, temp_extremities, peripheral_pulse, mucous_membranes, "
        "capillary_refill, pain, peristalsis, abdominal_distension, nasogastric_tube, "
        "nasogastric_reflux, rectal_exam, abdomen, abdominocentesis, outcome, surgical_lesion, "
        "cp_data"
    )
    assert_same(found, twin, codes)
    assert raw.notes[1].startswith("Read as missing: “?” in 1,605 cells (column 1, column 4, ")


def test_ufo_has_a_city_na_and_words_none(shared_data: Path) -> None:
    raw, twin = read(shared_data, "ufo.csv")
    found = raw.frame.replace({"City": {"None": np.nan}})
    assert_same(found, twin)
    assert raw.frame["City"].eq("None").sum() == 4


def test_superstore_is_the_first_of_four_sheets(shared_data: Path) -> None:
    raw, twin = read(shared_data, "superstore_us_2015.xlsx")
    assert raw.sheet == "Orders"
    assert raw.sheets == ("Orders", "Returns", "Users", "Лист4")
    twin = twin.drop(columns="Returned")  # joined in from the second sheet
    twin["Order Priority"] = twin["Order Priority"].str.strip()
    assert_same(raw.frame, twin, "Customer ID, Postal Code, Order ID")
    assert raw.notes == ()


def test_airlines_is_a_zip_in_windows_1252(shared_data: Path) -> None:
    raw, twin = read(shared_data, "airlines.zip")
    assert_same(raw.frame, twin, "Month, DayOfWeek, FlightNum, Cancelled, Diverted")
    assert raw.notes[:2] == (
        "allyears2k_headers.csv was unpacked from airlines.zip (zip).",
        "The file is not UTF-8: it was read as Windows-1252 (Western European).",
    )


def test_soybean_is_arff(shared_data: Path) -> None:
    raw, twin = read(shared_data, "soybean.arff")
    assert_same(raw.frame, twin)


def test_golub_has_a_row_per_gene_and_its_twin_a_column(shared_data: Path) -> None:
    raw, twin = read(shared_data, "golub_leukemia.train.csv")
    patients = raw.frame.columns[2::2].astype(int)
    found = raw.frame.iloc[:, 2::2].to_numpy(dtype=float).T
    train = twin.set_index("patient").loc[patients]  # the others are in a second file
    genes = [name for name in raw.frame["Gene Accession Number"] if name in train]
    assert len(genes) == len(raw.frame) == 7129
    np.testing.assert_array_equal(found, train[genes].to_numpy(dtype=float))
    assert raw.reading.header == 1


CODES = {  # what only knowledge of the table tells
    "airlines.zip": {"FlightNum"},  # a suggestion
    "german_credit.csv": {"num_dependents"},  # two values, and no header to say that they count
    "horse_colic.csv": {"hospital_number"},  # 284 numbers in 300 rows, and no header
    "superstore_us_2015.xlsx": {"Row ID"},  # counts the rows
    "ufo.csv": {"City"},  # 13,503 of them
}


def test_kinds_are_those_of_the_sidecars(shared_data: Path) -> None:
    alike = {
        "datetime": {"date"},
        "text": {"text", "id"},
        "categorical": {"categorical", "ordinal"},
    }
    columns = mistakes = 0
    for file in sorted((shared_data / "raw").iterdir()):
        # It has a row per gene: its twin's columns are its rows.
        if file.name.startswith("golub"):
            continue
        sidecar = json.loads((shared_data / f"{file.name.partition('.')[0]}.json").read_bytes())
        kinds = {column["name"]: column["kind"] for column in sidecar["columns"]}
        raw = read_table(file)
        found = infer_schema(raw.frame).columns
        # Without a header, the names of the sidecar are not known to the guess.
        names = list(kinds) if raw.reading.header == 0 else [column.name for column in found]
        judged = [(c, name) for c, name in zip(found, names, strict=True) if name in kinds]
        wrong = {
            name
            for column, name in judged
            if column.kind not in alike.get(kinds[name], {kinds[name]})
        }
        assert wrong <= CODES.get(file.name, set())
        columns += len(judged)
        mistakes += len(wrong)
    assert columns > 300
    assert mistakes < 0.05 * columns


def test_every_twin_is_read_as_pandas_reads_it(shared_data: Path) -> None:
    for file in sorted(shared_data.glob("*.parquet")):
        twin = pd.read_parquet(file)
        if twin.shape[1] <= 2000:
            raw = read_table(file)
            twin = twin.astype(dict.fromkeys(twin.select_dtypes("float32"), "float64"))
            pd.testing.assert_frame_equal(raw.frame, twin, check_exact=True)
            assert raw.notes == ()
