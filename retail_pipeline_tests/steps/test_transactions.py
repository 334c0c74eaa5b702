"""A till's export into a real Postgres, and the conversion that follows from it."""

import datetime as dt
from pathlib import Path

import polars as pl
import psycopg
import pytest

from retail_pipeline.frames.hourly import hourly_analytics
from retail_pipeline.steps.transactions import TransactionsFileError, load_transactions
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.frames.rows import DAY, LATER, hours_of, raw, row
from retail_pipeline_tests.shops import fleet_of, shop

FLEET = fleet_of(shop("shop-1", target_conversion_rate=0.5), shop("shop-2"))
ENTRIES = {10: 40, 11: 0, 12: 25}


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    """A warehouse with three measured hours of shop-1; the fourth is not complete."""
    migrate(database_url)
    warehouse = Warehouse(database_url)
    counts = [row(f"{hour}:00", {1: (people, 0)}) for hour, people in ENTRIES.items()]
    counts.append(row("13:00", {1: (9, 0)}, is_complete=False))
    hours = hours_of(FLEET.stores[0])
    hourly = hourly_analytics(raw(*counts), [FLEET.stores[0]], hours, LATER).with_columns(run_id=pl.lit("a-run"))
    slices = hours.select("store_id", pl.col("hour_start").alias("start"), pl.col("hour_end").alias("end"))
    with warehouse.transaction() as connection:
        sync_fleet(connection, FLEET, LATER)
        tables.write_hourly(connection, hourly, slices)
    return warehouse


def export(folder: Path, *rows: str, head: str = "store_id,hour_start,transactions,sales,units") -> Path:
    path = folder / "till.csv"
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    return path


def rows_of(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


def test_a_file_loaded_twice_changes_nothing_and_a_later_one_replaces_its_hours(
    warehouse: Warehouse, database_url: str, tmp_path: Path
) -> None:
    first = export(tmp_path, f"shop-1,{DAY} 10:00,8,100.00,12", f"shop-1,{DAY} 12:00,5,,")
    assert load_transactions(FLEET, warehouse, first, LATER).changed == 2
    assert load_transactions(FLEET, warehouse, first, LATER + dt.timedelta(hours=1)).changed == 0

    later = export(tmp_path, f"shop-1;{DAY} 12:00;6;1234,50;7", head="store_id;hour_start;transactions;sales;units")
    assert load_transactions(FLEET, warehouse, later, LATER).changed == 1
    told = rows_of(database_url, "SELECT transactions, sales::text, units FROM retail.transactions ORDER BY hour_start")
    assert told == [(8, "100.00", 12), (6, "1234.50", 7)]


def test_rows_that_cannot_be_true_are_kept_apart_with_their_text(
    warehouse: Warehouse, database_url: str, tmp_path: Path
) -> None:
    path = export(tmp_path, f"shop-1,{DAY} 10:00,8,1,1", "", f"shop-1,{DAY} 10:15,3,,", "elsewhere,now,1,,")
    loaded = load_transactions(FLEET, warehouse, path, LATER)

    assert (loaded.hours, loaded.rejected["row_number"].to_list()) == (1, [3, 4])
    kept = rows_of(database_url, "SELECT row_number, row, store_id FROM retail.rejected_transactions ORDER BY 1")
    assert kept == [(3, f"shop-1,{DAY} 10:15,3,,", "shop-1"), (4, "elsewhere,now,1,,", None)]


def test_whole_days_fill_silent_open_hours_with_zero(warehouse: Warehouse, tmp_path: Path) -> None:
    path = export(tmp_path, f"shop-1,{DAY} 10:00,8,1,1")
    assert load_transactions(FLEET, warehouse, path, LATER, whole_days=True).hours == 10


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"store_id,when\n", "no column hour_start, transactions", id="missing columns"),
        pytest.param(b"", "no column store_id", id="an empty file"),
        pytest.param(b"\xff\xfe\x00", "not text", id="no text"),
        pytest.param(None, "cannot be read", id="no file"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    warehouse: Warehouse, tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "till.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TransactionsFileError, match=words):
        load_transactions(FLEET, warehouse, path, LATER)


def test_conversion_comes_from_hours_in_which_both_sides_are_known(
    warehouse: Warehouse, database_url: str, tmp_path: Path
) -> None:
    sold = (f"shop-1,{DAY} {hour}:00,{slips},{sales},1" for hour, slips, sales in (("10", 8, 120), ("11", 2, 30)))
    path = export(tmp_path, *sold, f"shop-1,{DAY} 12:00,10,250,4", f"shop-1,{DAY} 13:00,3,9,1")
    load_transactions(FLEET, warehouse, path, LATER)

    hours = rows_of(
        database_url,
        "SELECT local_hour, conversion_rate, average_transaction_value, sales_per_entry, opportunity"
        " FROM retail.conversion_hours ORDER BY hour_start",
    )
    assert hours == [
        (10, 8 / 40, 15.0, 3.0, pytest.approx((0.5 - 0.2) * 40 * 15)),
        (11, None, 15.0, None, None),
        (12, 10 / 25, 25.0, 10.0, pytest.approx((0.5 - 0.4) * 25 * 25)),
    ]
    [day] = rows_of(
        database_url,
        "SELECT trading_day, hours_compared, entries, transactions, sales::float, conversion_rate, opportunity"
        " FROM retail.conversion_days",
    )
    assert day == (DAY, 3, 65, 20, 400.0, pytest.approx(20 / 65), pytest.approx((0.5 - 20 / 65) * 65 * 20))
