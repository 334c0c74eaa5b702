"""A night's housework: what it removes, what it leaves, and that nobody makes figures anew from what is left."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
import psycopg
import psycopg.conninfo
import pytest

from retail_pipeline.fleet.keeping import COUNTS, HOURS
from retail_pipeline.fleet.models import Fleet, Organization, Report
from retail_pipeline.frames import schemas
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.steps import keep_house as house
from retail_pipeline.steps.derive import derive_hours
from retail_pipeline.steps.health import evaluate
from retail_pipeline.steps.keep_house import Housework, KeepRefusedError, keep_house, still_kept
from retail_pipeline.steps.recover import open_gaps, plan_recovery
from retail_pipeline.steps.summarise import due_days, summarise_days
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import fresh_database
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NIGHT = utc("2026-11-20 03:50")
HORIZON = utc("2026-11-09 00:00")
KEPT = {"device_replies": "7d", "raw_sensor_counts": "60d", "hourly_analytics": "100d"}
KEPT_FROM = utc("2026-09-20 23:00")
OLD_DAY = (NIGHT - 61 * DAY).date()
DERIVED = ("hourly_analytics", "daily_summaries", "revisions", "collection_gaps")


def fleet(keep: dict[str, str] = KEPT) -> Fleet:
    """Two stores of two owners; `acme` keeps less than usual."""
    stores = (
        shop("lisbon", timezone="Europe/Lisbon", live_since="2026-01-01"),
        shop("pune", door("pune-door", interval_minutes=60), timezone="Asia/Kolkata", organization="beta"),
    )
    organizations = [{"id": "acme", "name": "Acme", "keep": keep}, {"id": "beta", "name": "Beta"}]
    return Fleet.model_validate(
        {**fleet_of(*stores[:1]).model_dump(), "organizations": organizations, "stores": stores}
    )


def beta_alone() -> Fleet:
    """The same without `acme`."""
    return fleet().model_copy(update={"organizations": fleet().organizations[1:], "stores": fleet().stores[1:]})


@pytest.fixture(scope="module")
def filled(postgres: PostgresHandle) -> Iterator[str]:
    """Counts of the last 65 days, of which some old days and yesterday are derived and summed up."""
    with fresh_database(postgres) as url:
        migrate(url)
        warehouse = Warehouse(url)
        with warehouse.transaction() as connection:
            sync_fleet(connection, fleet(), NIGHT - 200 * DAY)
            tables.write_counts(connection, Report.LINES, counts())
        for days in ([OLD_DAY - DAY, OLD_DAY, OLD_DAY + DAY, OLD_DAY + 2 * DAY], [NIGHT.date() - DAY]):
            bring_up_to_date(warehouse, days, min(days))
        yield url


@pytest.fixture
def url(postgres: PostgresHandle, filled: str) -> Iterator[str]:
    """A copy of it for a test."""
    template = psycopg.conninfo.conninfo_to_dict(filled)["dbname"]
    with fresh_database(postgres, str(template)) as copied:
        yield copied


@pytest.fixture
def warehouse(url: str) -> Warehouse:
    """The warehouse on the copy."""
    return Warehouse(url)


def counts() -> pl.DataFrame:
    ended = NIGHT.replace(minute=0)
    starts = [(store, ended - n * HOUR) for store in ("lisbon", "pune") for n in range(1, 65 * 24)]
    return pl.DataFrame(
        [
            {
                **dict.fromkeys((*schemas.LINE_COUNTS, "total_in", "total_out"), 0),
                "sensor_id": f"{store}-door",
                "store_id": store,
                "organization_id": {"lisbon": "acme", "pune": "beta"}[store],
                "interval_start": start - (HOUR / 2 if store == "pune" else dt.timedelta()),
                "interval_end": start + (HOUR / 2 if store == "pune" else HOUR),
                "line1_in": start.hour + 1,
                "line1_out": start.hour + 1,
                "is_complete": True,
                "reply_id": 1,
                "collected_at": start + 2 * HOUR,
            }
            for store, start in starts
        ],
        schema=schemas.RAW_SENSOR_COUNTS,
    )


def bring_up_to_date(warehouse: Warehouse, days: Sequence[dt.date], since: dt.date) -> Any:
    wanted = {store_id: list(days) for store_id in ("lisbon", "pune")}
    start = dt.datetime.combine(since, dt.time(), dt.UTC) - DAY
    return summarise_days(fleet(), warehouse, wanted, NIGHT, "a-run", due_only=False, since=start)


def night(warehouse: Warehouse, declared: Fleet | None = None) -> Housework:
    return keep_house(
        declared or fleet(),
        warehouse,
        first_hour=HORIZON,
        first_day=HORIZON.date(),
        clock=lambda: NIGHT,
    )


def rows(url: str, table: str, store: str = "lisbon") -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        statement = f"SELECT * FROM retail.{table} WHERE store_id = %s ORDER BY 1, 2, 3"
        return connection.execute(statement.encode(), [store]).fetchall()


def test_each_owner_s_rows_leave_when_it_said(warehouse: Warehouse, url: str) -> None:
    before = {table: rows(url, table, "pune") for table in ("raw_sensor_counts", *DERIVED)}
    done = night(warehouse)

    # What is kept begins at midnight in Lisbon, in summer 23:00 UTC: 60 days and four hours.
    assert done.removed == {("raw_sensor_counts", "acme"): len(before["raw_sensor_counts"]) - 60 * 24 - 4}
    assert min(row[3] for row in rows(url, "raw_sensor_counts")) == KEPT_FROM
    assert done.is_finished
    assert {table: rows(url, table, "pune") for table in before} == before
    assert still_kept(warehouse, [("lisbon", OLD_DAY), ("pune", OLD_DAY)], COUNTS) == {("pune", OLD_DAY)}
    assert night(warehouse).removed == {}


def test_figures_of_a_day_whose_counts_are_gone_are_never_made_again(warehouse: Warehouse, url: str) -> None:
    standing = {table: rows(url, table) for table in DERIVED}
    assert any(OLD_DAY in row for row in standing["daily_summaries"])
    night(warehouse)
    hours = [KEPT_FROM - n * HOUR for n in range(1, 25)]

    derived = derive_hours(fleet(), warehouse, {"lisbon": hours, "pune": hours}, NIGHT, "another-run")
    bring_up_to_date(warehouse, [OLD_DAY], OLD_DAY)

    assert {store for _, store in derived.hours.derived} == {"pune"}
    assert {table: rows(url, table) for table in DERIVED} == standing


def test_counts_that_come_back_are_not_a_day_that_is_due(warehouse: Warehouse, url: str) -> None:
    standing = rows(url, "hourly_analytics")
    night(warehouse)
    since = NIGHT - 70 * DAY
    due = due_days(fleet(), warehouse, since, NIGHT)
    late = counts().filter(pl.col("interval_start").is_between(KEPT_FROM - DAY, KEPT_FROM, "left"), store_id="lisbon")
    with warehouse.transaction() as connection:
        tables.write_counts(connection, Report.LINES, late.with_columns(pl.lit(NIGHT).alias("collected_at")))

    assert due_days(fleet(), warehouse, since, NIGHT) == due
    assert ("lisbon", OLD_DAY) not in due
    bring_up_to_date(warehouse, [OLD_DAY], OLD_DAY)
    assert rows(url, "hourly_analytics") == standing
    assert night(warehouse).removed == {("raw_sensor_counts", "acme"): late.height}


def test_hours_that_were_removed_are_not_missed_nor_asked_for(warehouse: Warehouse, url: str) -> None:
    # The device is said to remember longer than its counts are kept; the fleet file would be refused for it.
    remembering = fleet().stores[0].sensors[0].model_copy(update={"retention_days": 90})
    store = fleet().stores[0].model_copy(update={"sensors": (remembering,)})
    longer = fleet().model_copy(update={"stores": (store, fleet().stores[1])})
    night(warehouse)

    open_gaps(longer, warehouse, None, NIGHT - 62 * DAY, NIGHT)

    assert rows(url, "collection_gaps") == []
    asked = plan_recovery(warehouse, NIGHT, stores_under_way=set(), runs=9, since=NIGHT - 70 * DAY, until=NIGHT)
    assert asked == []


def test_no_check_says_otherwise_than_before(warehouse: Warehouse) -> None:
    def said() -> dict[str, tuple[str, list[tuple[Any, ...]]]]:
        outcomes = evaluate(fleet(), warehouse, None, NIGHT)
        return {name: (outcome.in_words(), outcome.findings.rows()) for name, outcome in outcomes.items()}

    before = said()
    night(warehouse)

    assert said() == before


def test_a_summary_of_which_the_hours_are_gone_stays_as_it_was(warehouse: Warehouse, url: str) -> None:
    standing = rows(url, "daily_summaries")
    keep = {**KEPT, "raw_sensor_counts": "40d", "hourly_analytics": "40d"}
    with warehouse.transaction() as connection:
        connection.execute(
            "INSERT INTO retail.kept_since SELECT store_id, %s, organization_id, %s, %s, %s FROM retail.stores",
            [HOURS, OLD_DAY + DAY, NIGHT - 60 * DAY, NIGHT],
        )
        connection.execute("DELETE FROM retail.hourly_analytics WHERE trading_day = %s AND local_hour > 12", [OLD_DAY])
    summary = summarise_days(
        fleet(keep), warehouse, {"lisbon": [OLD_DAY]}, NIGHT, "another-run", due_only=False, since=NIGHT
    )

    assert (summary.days, summary.failed) == (set(), {})
    assert rows(url, "daily_summaries") == standing


def test_an_owner_that_left_the_fleet_file_is_kept_as_if_it_said_nothing(warehouse: Warehouse, url: str) -> None:
    assert night(warehouse, beta_alone()).removed == {}
    assert {store for _, store in [(row[1], row[0]) for row in rows(url, "kept_since")]} == {"lisbon"}


def test_a_location_removes_only_what_it_speaks_for(warehouse: Warehouse, url: str) -> None:
    assert night(warehouse, fleet().only({"beta"})).removed == {}
    assert rows(url, "kept_since") == []
    assert rows(url, "kept_since", "pune")


def test_who_left_before_the_fleet_was_split_is_kept_by_a_location_as_if_it_said_nothing(warehouse: Warehouse) -> None:
    old = NIGHT - 500 * DAY
    with warehouse.transaction() as connection:
        sync_fleet(connection, beta_alone(), NIGHT - DAY)
        connection.execute(
            "UPDATE retail.raw_sensor_counts SET interval_start = %s, interval_end = %s WHERE store_id = 'lisbon' AND"
            " interval_start = (SELECT min(interval_start) FROM retail.raw_sensor_counts WHERE store_id = 'lisbon')",
            [old, old + HOUR],
        )

    done = night(warehouse, beta_alone().only({"beta"}))

    assert done.removed == {("raw_sensor_counts", "acme"): 1}
    assert done.unserved == ()


def test_whose_location_is_gone_is_named_and_nothing_of_it_goes(warehouse: Warehouse, url: str) -> None:
    gamma = Organization(id="gamma", name="Gamma")
    file = beta_alone().model_copy(update={"organizations": (*beta_alone().organizations, gamma)})
    before = rows(url, "raw_sensor_counts")

    assert night(warehouse, file.only({"beta"})).unserved == ("acme",)
    assert night(warehouse, file.only({"gamma"})).unserved == ("acme",)
    assert night(warehouse, fleet().only({"beta"})).unserved == ()
    assert rows(url, "raw_sensor_counts") == before


def test_less_than_the_partitions_look_back_at_is_refused_by_name(warehouse: Warehouse, url: str) -> None:
    short = fleet({"device_replies": "7d", "raw_sensor_counts": "31d", "hourly_analytics": "60d"})
    with pytest.raises(KeepRefusedError) as refused:
        night(warehouse, short)

    assert "acme, hourly_analytics: kept since 2026-09-21 only, and what has partitions looks back to" in str(
        refused.value
    )
    assert "acme, raw_sensor_counts: kept since 2026-10-20" in str(refused.value)
    assert rows(url, "kept_since") == []


def test_a_night_that_is_too_short_goes_on_with_the_next(warehouse: Warehouse) -> None:
    clock = iter([NIGHT, NIGHT + house.NIGHT, NIGHT + 2 * house.NIGHT])
    first = keep_house(fleet(), warehouse, first_hour=HORIZON, first_day=HORIZON.date(), clock=lambda: next(clock))
    second = night(warehouse)

    assert not first.is_finished
    assert first.removed.total() == 48
    assert second.is_finished
    assert first.removed.total() + second.removed.total() == (65 - 60) * 24 - 5


def test_rows_of_no_store_leave_by_the_usual_times(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        connection.execute(
            "INSERT INTO retail.rejected_transactions (source, row_number, row, reason, seen_at)"
            " SELECT 'till.csv', n, '', 'no such store', %s - n * interval '1 day' FROM generate_series(1, 100) AS n",
            [NIGHT],
        )

    assert night(warehouse).removed["rejected_transactions", ""] == 10


def test_pages_of_an_owner_leave_with_the_earliest_of_its_stores(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        connection.execute(
            "INSERT INTO retail.organization_reports"
            " SELECT organization_id, %s - n, 'en', '', %s, %s, 'a-run'"
            " FROM retail.organizations CROSS JOIN generate_series(1, 70) AS n",
            [NIGHT.date(), NIGHT, NIGHT],
        )

    assert night(warehouse).removed["organization_reports", "acme"] == 10
    assert night(warehouse).removed["organization_reports", "beta"] == 0
