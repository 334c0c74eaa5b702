"""What is exported is read back: every row, in every format, and nothing that was not asked for."""

import csv
import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from retail_pipeline.terminal.export import Format, export_table, write_file
from retail_pipeline.terminal.span import RunRefusedError
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.exports import relations
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.warehouse.builders import (
    DAY,
    HOUR,
    NOON,
    day_row,
    days,
    hour_row,
    hours,
    slices,
    small_fleet,
)

EXCEL_EPOCH = dt.datetime(1899, 12, 30, tzinfo=dt.UTC)
SHEET = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@pytest.fixture
def warehouse(database_url: str, monkeypatch) -> Warehouse:
    """Four hours and two days of Lisbon, with a fraction and an absent figure; an hour of Pune."""
    migrate(database_url)
    monkeypatch.setenv("RETAIL_DATABASE_URL", database_url)
    found = Warehouse(database_url)
    rows = hours(
        *(hour_row(NOON + n * HOUR, entries=n, capture_rate=1 / 3) for n in range(3)),
        hour_row(NOON + 3 * HOUR, entries=None),
        {**hour_row(NOON + HOUR / 2), "store_id": "pune"},
    )
    with found.transaction() as connection:
        sync_fleet(connection, small_fleet(), NOON)
        tables.write_hourly(connection, rows, slices(NOON, NOON))
        tables.write_daily(connection, days(day_row(), day_row(NOON.date() + DAY)))
    return found


def exported(name: str, out: Path | None, **options) -> int:
    wanted = {"first": None, "end": None, "store_ids": (), "file_format": None, **options}
    return export_table(name, out=out, **wanted)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


@pytest.mark.usefixtures("warehouse")
def test_csv_holds_every_row_with_times_in_utc_and_absence_empty(tmp_path) -> None:
    exported("hourly_analytics", tmp_path / "hours.csv", store_ids=["lisbon"])
    rows = table(tmp_path / "hours.csv")

    assert [row["hour_start"] for row in rows] == [(NOON + n * HOUR).isoformat() for n in range(4)]
    assert [row["entries"] for row in rows] == ["0", "1", "2", ""]
    assert [float(row["capture_rate"]) for row in rows[:3]] == [1 / 3] * 3
    assert [path.name for path in tmp_path.iterdir()] == ["hours.csv"]


@pytest.mark.usefixtures("warehouse")
def test_parquet_gives_back_types_and_zones(tmp_path) -> None:
    exported("hourly_analytics", tmp_path / "hours.parquet", store_ids=["lisbon"])
    frame = pl.read_parquet(tmp_path / "hours.parquet")

    assert frame.schema["hour_start"] == pl.Datetime("us", "UTC")
    assert frame["hour_start"].to_list() == [NOON + n * HOUR for n in range(4)]
    assert frame["entries"].to_list() == [0, 1, 2, None]
    assert frame["local_date"].dtype == pl.Date


@pytest.mark.usefixtures("warehouse")
def test_a_worksheet_holds_utc_without_a_zone_and_says_so_in_its_headings(tmp_path) -> None:
    exported("store_hours", tmp_path / "hours.xlsx", store_ids=["lisbon"])
    head, *rows = sheet(tmp_path / "hours.xlsx")

    assert {"hour_start (UTC)", "hour_end (UTC)", "local_hour_start"} <= set(head)
    told = [dict(zip(head, row, strict=True)) for row in rows]
    starts = [EXCEL_EPOCH + dt.timedelta(seconds=round(86400 * float(row["hour_start (UTC)"]))) for row in told]
    assert starts == [NOON + n * HOUR for n in range(4)]
    assert [row["entries"] for row in told] == ["0", "1", "2", ""]
    assert {row["store_name"] for row in told} == {"Lisbon"}


def sheet(path: Path) -> list[list[str]]:
    """The cells of the first worksheet as a spreadsheet stores them: numbers, and shared texts."""
    with zipfile.ZipFile(path) as book:
        shared = ET.fromstring(book.read("xl/sharedStrings.xml"))  # noqa: S314 - our own
        texts = ["".join(text.itertext()) for text in shared.findall("s:si", SHEET)]
        cells_of = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
        rows = cells_of.findall(".//s:row", SHEET)
    width = len(rows[0].findall("s:c", SHEET))
    found = []
    for row in rows:
        cells = [""] * width
        for cell in row.findall("s:c", SHEET):
            value = cell.findtext("s:v", "", SHEET)
            cells[column_of(cell.get("r", ""))] = texts[int(value)] if cell.get("t") == "s" else value
        found.append(cells)
    return found


def column_of(reference: str) -> int:
    number = 0
    for letter in re.sub(r"\d", "", reference):
        number = number * 26 + ord(letter) - 64
    return number - 1


@pytest.mark.usefixtures("warehouse")
def test_a_range_is_half_open_in_time_or_in_days(tmp_path) -> None:
    exported("hourly_analytics", tmp_path / "some.csv", first=NOON + HOUR / 2, end=NOON + 2 * HOUR)
    rows = table(tmp_path / "some.csv")
    assert [(row["store_id"], row["hour_start"][11:16]) for row in rows] == [("pune", "12:30"), ("lisbon", "13:00")]
    midnight = NOON.replace(hour=0, tzinfo=None)
    exported("daily_summaries", tmp_path / "days.csv", first=midnight, end=midnight + DAY)
    [day] = table(tmp_path / "days.csv")
    assert day["trading_day"] == NOON.date().isoformat()


@pytest.mark.usefixtures("warehouse")
def test_without_a_file_csv_goes_to_the_standard_output(capsysbinary) -> None:
    exported("sensors", None)
    rows = list(csv.DictReader(io.StringIO(capsysbinary.readouterr().out.decode())))
    assert {(row["sensor_id"], row["reports"]) for row in rows} == {
        ("lisbon-door", "lines,regions"),
        ("pune-door", "lines"),
    }


def test_every_table_and_view_can_be_exported_even_when_it_is_empty(warehouse, tmp_path) -> None:
    for name, relation in relations(warehouse).items():
        exported(name, tmp_path / f"{name}.csv")
        [head, *_] = (tmp_path / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        assert tuple(head.split(",")) == relation.exported


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize("file_format", [Format.PARQUET, Format.XLSX])
@pytest.mark.parametrize("name", ["stores", "sensors", "revisions", "device_replies", "conversion_hours"])
def test_times_of_day_lists_documents_and_decimals_go_into_every_format(tmp_path, name, file_format) -> None:
    exported(name, tmp_path / f"it.{file_format}")
    assert (tmp_path / f"it.{file_format}").stat().st_size > 0


def test_tables_with_a_time_go_by_the_one_that_a_range_means(warehouse) -> None:
    by_name = {name: relation.time_column for name, relation in relations(warehouse).items()}
    assert by_name["raw_sensor_counts"] == "interval_start"
    assert by_name["collection_gaps"] == "hour_start"
    assert by_name["revisions"] == "changed_at"
    assert by_name["daily_summaries"] == "trading_day"
    assert by_name["lines"] is None
    assert "body" not in relations(warehouse)["device_replies"].exported


@pytest.mark.usefixtures("warehouse")
@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("hourly_analytic", {}, "Did you mean hourly_analytics?"),
        ("nothing", {}, "There are: "),
        ("lines", {"first": NOON}, "has no time to go by"),
        ("organizations", {"store_ids": ["lisbon"]}, "not about stores"),
        ("store_hours", {"file_format": Format.XLSX}, "needs --out"),
        ("store_hours", {"first": NOON, "end": NOON}, "not before --to"),
    ],
)
def test_what_is_not_there_is_refused_in_words(name, options, words) -> None:
    with pytest.raises(RunRefusedError, match=re.escape(words)):
        exported(name, None, **options)


def test_more_rows_than_a_worksheet_holds_are_refused_and_leave_no_file(tmp_path) -> None:
    frame = pl.DataFrame({"n": range(1_048_576)})
    with pytest.raises(RunRefusedError, match="a worksheet holds 1,048,575"):
        write_file([frame], Format.XLSX, tmp_path / "big.xlsx", "big")
    assert list(tmp_path.iterdir()) == []
