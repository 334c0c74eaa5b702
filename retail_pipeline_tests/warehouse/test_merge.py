"""Writing twice, concurrently, half, and out of order."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import psycopg
import pytest
from polars.testing import assert_frame_equal

from retail_pipeline.fleet.models import Report
from retail_pipeline.warehouse import reads, tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.errors import RepeatedKeys, SchemaOutdated, WarehouseError
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
    raw,
    raw_row,
    small_fleet,
)

LATER = NOON + HOUR
STORES = ["lisbon", "pune"]


def write(warehouse: Warehouse, rows: pl.DataFrame, report: Report = Report.LINES) -> pl.DataFrame:
    with warehouse.transaction() as connection:
        return tables.write_counts(connection, report, rows)


def stored(warehouse: Warehouse) -> pl.DataFrame:
    return reads.raw_counts(warehouse, STORES, NOON - DAY, NOON + DAY)


def versions(warehouse: Warehouse) -> list[tuple[str, str]]:
    with warehouse.transaction() as connection:
        return connection.execute("SELECT ctid::text, xmin::text FROM retail.raw_sensor_counts ORDER BY 1").fetchall()


def test_rows_come_back_as_they_went_in(warehouse: Warehouse) -> None:
    rows = raw(raw_row(line1_in=3, total_in=3), raw_row(NOON + HOUR, is_complete=False, collected_at=NOON + HOUR / 7))
    changed = write(warehouse, rows)
    assert_frame_equal(stored(warehouse), rows)
    assert_frame_equal(changed, rows.select("sensor_id", "interval_start"))


def test_the_same_rows_again_change_nothing_not_even_a_byte(warehouse: Warehouse) -> None:
    rows = raw(*(raw_row(NOON + n * HOUR, line1_in=n) for n in range(5)))
    write(warehouse, rows)
    before = versions(warehouse)
    again = rows.with_columns(pl.lit(2, pl.Int64).alias("reply_id"), collected_at=pl.lit(LATER))
    assert write(warehouse, again).is_empty()
    assert versions(warehouse) == before
    assert_frame_equal(stored(warehouse), rows)


def test_only_the_row_that_differs_is_written(warehouse: Warehouse) -> None:
    write(warehouse, raw(*(raw_row(NOON + n * HOUR, is_complete=False) for n in range(5))))
    before = versions(warehouse)
    changed = write(
        warehouse,
        raw(*(raw_row(NOON + n * HOUR, is_complete=False, line1_in=n // 4, collected_at=LATER) for n in range(5))),
    )
    assert changed.rows() == [("lisbon-door", NOON + 4 * HOUR)]
    assert len(set(versions(warehouse)) & set(before)) == 4


def test_an_hour_that_closes_is_written_although_its_figures_stay(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row(is_complete=False)))
    assert write(warehouse, raw(raw_row(collected_at=LATER))).height == 1
    assert stored(warehouse)["is_complete"].to_list() == [True]


def test_an_older_reply_never_replaces_a_newer_one(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row(line1_in=9, collected_at=LATER)))
    assert write(warehouse, raw(raw_row(line1_in=4, collected_at=NOON))).is_empty()
    assert stored(warehouse)["line1_in"].to_list() == [9]


def test_of_two_replies_in_one_batch_the_newer_counts(warehouse: Warehouse) -> None:
    changed = write(warehouse, raw(raw_row(line1_in=9, collected_at=LATER), raw_row(line1_in=4, collected_at=NOON)))
    assert changed.height == 1
    assert stored(warehouse)["line1_in"].to_list() == [9]


def test_no_rows_are_no_work(warehouse: Warehouse) -> None:
    changed = write(warehouse, raw())
    assert changed.is_empty()
    assert changed.columns == ["sensor_id", "interval_start"]


def test_a_batch_that_fails_half_way_leaves_the_old_state(warehouse: Warehouse) -> None:
    write(warehouse, raw(raw_row(line1_in=1)))
    before = stored(warehouse)
    bad = raw(raw_row(line1_in=2, collected_at=LATER), raw_row(NOON + HOUR, line1_in=-1, collected_at=LATER))
    with pytest.raises(WarehouseError, match=r"line1_in"):
        write(warehouse, bad)
    assert_frame_equal(stored(warehouse), before)


def test_an_error_of_the_caller_takes_everything_back(warehouse: Warehouse) -> None:
    def write_and_fail() -> None:
        with warehouse.transaction() as connection:
            tables.write_counts(connection, Report.LINES, raw(raw_row()))
            raise KeyError("halfway")

    with pytest.raises(KeyError, match="halfway"):
        write_and_fail()
    assert stored(warehouse).is_empty()


def test_several_tables_in_one_transaction(warehouse: Warehouse) -> None:
    stays = raw(raw_row()).select(
        "sensor_id",
        "store_id",
        "organization_id",
        "interval_start",
        "interval_end",
        "is_complete",
        "reply_id",
        "collected_at",
        region1=1,
        region2=2,
        region3=None,
        region4=0,
        total=3,
    )
    with warehouse.transaction() as connection:
        tables.write_counts(connection, Report.LINES, raw(raw_row()))
        tables.write_counts(connection, Report.REGIONS, stays)
        tables.write_counts(connection, Report.LINES, raw(raw_row(NOON + HOUR)))
    assert stored(warehouse).height == 2
    regions = reads.regional_counts(warehouse, STORES, NOON, NOON + HOUR)
    assert regions.select("region1", "region2", "region3", "region4", "total").rows() == [(1, 2, None, 0, 3)]


@pytest.mark.parametrize("attempt", range(3))
def test_two_writers_of_the_same_rows_neither_deadlock_nor_double(warehouse: Warehouse, attempt: int) -> None:
    rows = raw(*(raw_row(NOON + n * HOUR / 12, 5, line1_in=attempt) for n in range(288)))
    start = threading.Barrier(2, timeout=30)

    def writer(shuffle: int) -> int:
        mine = rows.sample(fraction=1, shuffle=True, seed=shuffle)
        start.wait()
        return write(warehouse, mine).height

    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(writer, range(2)))
    assert sum(written) == 288
    assert_frame_equal(stored(warehouse), rows)


def test_derived_figures_keep_null_and_every_digit(warehouse: Warehouse) -> None:
    rows = hours(
        hour_row(
            capture_rate=1 / 3, passers_by=None, occupancy_mean=1e-17, version=NOON + dt.timedelta(microseconds=1)
        ),
        hour_row(NOON + HOUR, entries=None, is_business_hour=False, business_share=0.1 + 0.2),
    )
    with warehouse.transaction() as connection:
        tables.write_hourly(connection, rows, pl.DataFrame())
    assert_frame_equal(reads.hourly(warehouse, STORES, NOON - DAY, NOON + DAY), rows.drop("run_id"))


def test_text_keeps_quotes_commas_new_lines_and_emptiness(warehouse: Warehouse) -> None:
    words = ['a "b", c', "two\nlines", "", "\\N", "\\.", "NULL", "naïve – 客", None]
    rows = pl.DataFrame(
        {
            "checked_at": NOON,
            "stage": [f"stage {n}" for n in range(len(words))],
            "store_id": "lisbon",
            "organization_id": "acme",
            "status": "ok",
            "findings": 0,
            "detail": words,
            "run_id": "run",
        }
    )
    with warehouse.transaction() as connection:
        assert tables.write_pipeline_health(connection, rows).height == len(words)
        assert tables.write_pipeline_health(connection, rows).is_empty()
        found = connection.execute("SELECT detail FROM retail.pipeline_health ORDER BY stage").fetchall()
    assert [detail for (detail,) in found] == words


def test_days_are_written_and_read(warehouse: Warehouse) -> None:
    other = {"peak_hour": 11, "peak_hour_is_tied": False, "power_hours": [11, 17]}
    rows = days(day_row(), day_row(NOON.date() - DAY, completeness=None, **other))
    with warehouse.transaction() as connection:
        changed = tables.write_daily(connection, rows)
    assert changed["trading_day"].to_list() == sorted(rows["trading_day"])
    read = reads.daily(warehouse, STORES, NOON.date() - DAY, NOON.date())
    assert_frame_equal(read, rows.drop("run_id").sort("trading_day"))


def test_a_derived_frame_that_repeats_a_key_is_refused(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection, pytest.raises(RepeatedKeys, match=r"1 rows .*hourly_analytics"):
        tables.write_hourly(connection, hours(hour_row(), hour_row(entries=6)), pl.DataFrame())


def test_a_column_that_no_migration_brought_is_named(warehouse: Warehouse) -> None:
    rows = days(day_row()).with_columns(weather=pl.lit("fine"))
    with (
        pytest.raises(SchemaOutdated, match=r"weather.*retail-pipeline migrate"),
        warehouse.transaction() as connection,
    ):
        tables.write_daily(connection, rows)


def test_a_writer_that_row_level_security_binds_writes_by_policy(empty_url: str) -> None:
    """COPY straight into such a table is an error; through a temporary table it is not."""
    migrate(empty_url)
    warehouse = Warehouse(empty_url)
    with warehouse.transaction() as connection:
        sync_fleet(connection, small_fleet(), NOON)
        connection.execute("CREATE ROLE writer_of_days")
        connection.execute("GRANT USAGE ON SCHEMA retail TO writer_of_days")
        connection.execute("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA retail TO writer_of_days")
        for table in ("daily_summaries", "revisions"):
            connection.execute(f"CREATE POLICY writing ON retail.{table} TO writer_of_days USING (true)".encode())
        connection.execute("SET ROLE writer_of_days")
        assert tables.write_daily(connection, days(day_row())).height == 1
        assert tables.write_daily(connection, days(day_row(exits=4))).height == 1
        connection.execute("RESET ROLE")
        connection.execute("DROP OWNED BY writer_of_days CASCADE")
        connection.execute("DROP ROLE writer_of_days")


def test_the_connection_prepares_nothing(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        assert connection.prepare_threshold is None
        assert isinstance(connection, psycopg.Connection)


@pytest.mark.parametrize(("allowed", "taken"), [("4MB", "32MB"), ("64MB", "64MB")])
def test_a_day_is_compared_in_memory_and_a_server_that_allows_more_is_not_overruled(
    empty_url: str, allowed: str, taken: str
) -> None:
    with psycopg.connect(empty_url) as connection:
        connection.execute(
            f"ALTER ROLE CURRENT_USER IN DATABASE {connection.info.dbname} SET work_mem = '{allowed}'".encode()
        )
    with Warehouse(empty_url).transaction() as connection:
        assert connection.execute("SHOW work_mem").fetchone() == (taken,)


def test_a_row_outside_the_hours_that_come_is_left_alone_and_one_at_their_edge_is_compared(
    warehouse: Warehouse,
) -> None:
    write(warehouse, raw(*(raw_row(NOON + n * HOUR, line1_in=n) for n in range(4))))
    later = raw(*(raw_row(NOON + n * HOUR, line1_in=9, collected_at=LATER) for n in (1, 2)))
    assert write(warehouse, later).height == 2
    assert write(warehouse, later).is_empty()
    assert stored(warehouse)["line1_in"].to_list() == [0, 9, 9, 3]
