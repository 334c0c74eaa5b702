"""The monitor's knowledge of a warehouse: what is unhealthy, in sentences, at a cost that no fleet raises."""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
import psycopg
import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.steps.health import STAGES
from retail_pipeline.steps.status import NEVER_INSPECTED, NO_STORES, NOTHING_COLLECTED, gather_status
from retail_pipeline.steps.status_report import RunStatus, Status
from retail_pipeline.warehouse import tables
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.fleet_tables import sync_fleet
from retail_pipeline.warehouse.health import record_answers
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

NOW = utc("2026-11-20 12:30")
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
OK = ("ok", 0, None)


class Counting(Warehouse):
    """Counts its readings and transactions."""

    statements = 0

    def read(self, name: str, values=None) -> pl.DataFrame:
        self.statements += 1
        return super().read(name, values)

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        self.statements += 1
        with super().transaction() as connection:
            yield connection


@pytest.fixture
def warehouse(emptied_url: str) -> Counting:
    return Counting(emptied_url)


def declare(warehouse: Warehouse, fleet: Fleet, at: dt.datetime = NOW - 30 * DAY) -> Fleet:
    with warehouse.transaction() as connection:
        sync_fleet(connection, fleet, at)
    return fleet


def inspect(warehouse: Warehouse, fleet: Fleet, at: dt.datetime, **errors: str) -> None:
    """All stages are ok, those named in `errors` are not, in the first store."""
    rows = [
        (at, store.id, "acme", stage, "a-run", *(("error", 2, errors[stage]) if n == 0 and stage in errors else OK))
        for n, store in enumerate(fleet.stores)
        for stage in STAGES
    ]
    names = ("checked_at", "store_id", "organization_id", "stage", "run_id", "status", "findings", "detail")
    frame = pl.DataFrame(rows, schema=list(names), orient="row").cast({"findings": pl.Int32(), "detail": pl.String()})
    with warehouse.transaction() as connection:
        tables.write_pipeline_health(connection, frame)


def poll(warehouse: Warehouse, fleet: Fleet, at: dt.datetime, error: str | None = None) -> None:
    """Every device answered, or failed alike."""
    rows = [
        {"sensor_id": device.id, "store_id": store.id, "organization_id": "acme", "at": at, "is_ok": error is None}
        | {"error": f"{device.id}: {error}" if error else None, "clock_skew_seconds": None}
        for store in fleet.stores
        for device in store.sensors
    ]
    with warehouse.transaction() as connection:
        record_answers(
            connection, pl.DataFrame(rows, schema_overrides={"error": pl.String(), "clock_skew_seconds": pl.Float64()})
        )


def fill(warehouse: Warehouse, *hours: tuple[str, dt.datetime, float]) -> None:
    """Rows of hourly_analytics: store, start, completeness."""
    with warehouse.transaction() as connection:
        for store_id, start, share in hours:
            connection.execute(
                "INSERT INTO retail.hourly_analytics (store_id, organization_id, hour_start, hour_end, local_date,"
                " local_hour, trading_day, is_business_hour, business_share, completeness, is_complete, run_id,"
                " input_version) VALUES (%(store)s, 'acme', %(start)s, %(end)s, %(start)s, 0, %(start)s, false, 0,"
                " %(share)s, %(share)s = 1, 'a-run', %(end)s)",
                {"store": store_id, "start": start, "end": start + HOUR, "share": share},
            )


def test_an_empty_warehouse_says_what_to_do_and_nothing_else(warehouse: Warehouse) -> None:
    fleet = declare(warehouse, fleet_of(shop()), NOW)

    assert gather_status(fleet, warehouse, [], NOW).problems == (NOTHING_COLLECTED,)
    assert gather_status(fleet_of(), warehouse, [], NOW).problems == (NO_STORES,)
    assert gather_status(fleet_of(shop(), shop("not-synced")), warehouse, [], NOW).stores[1].hours


def test_a_pipeline_that_began_just_now_is_healthy_until_it_should_have_been_inspected(warehouse: Warehouse) -> None:
    fleet = declare(warehouse, fleet_of(shop()), NOW)
    poll(warehouse, fleet, NOW)

    status = gather_status(fleet, warehouse, [], NOW + 10 * HOUR / 60)
    assert (status.is_healthy, status.problems) == (True, ())
    assert {stage.status for stage in status.stages} == {"not_inspected"}
    assert {hour.state for hour in status.stores[0].hours} == {"not_expected"}
    assert NEVER_INSPECTED in gather_status(fleet, warehouse, [], NOW + 3 * HOUR).problems


def test_the_worst_store_speaks_for_a_stage_and_an_old_inspection_is_none(warehouse: Warehouse) -> None:
    fleet = declare(warehouse, fleet_of(shop("shop-1"), shop("shop-2")))
    inspect(warehouse, fleet, NOW - HOUR / 4, collection="shop-1-door owes 3 hours")

    status = gather_status(fleet, warehouse, [], NOW)
    collection, processing = status.stages[:2]
    assert (collection.status, collection.store_id, collection.findings) == ("error", "shop-1", 2)
    assert (processing.status, processing.store_id) == ("ok", None)

    poll(warehouse, fleet, NOW)
    later = gather_status(fleet, warehouse, [], NOW + 3 * HOUR)
    assert {stage.status for stage in later.stages} == {"not_inspected"}
    assert any("analytics: not inspected since 2026-11-20 12:15 UTC" in problem for problem in later.problems)


def test_a_device_that_failed_three_times_is_a_problem_unless_nobody_asks_it(warehouse: Warehouse) -> None:
    asked = fleet_of(shop("shop-1"), shop("shop-2", door("shop-2-door"), door("spare")))
    declare(warehouse, asked)
    for minutes in (60, 30, 0):
        poll(warehouse, asked, NOW - dt.timedelta(minutes=minutes), "refused: 401, the credential is wrong")
    fleet = fleet_of(shop("shop-1"), shop("shop-2", door("shop-2-door"), door("spare", active=False)))
    declare(warehouse, fleet, NOW)

    status = gather_status(fleet, warehouse, [], NOW)

    sentences = [problem for problem in status.problems if "does not answer" in problem]
    assert sentences == [
        "shop-1-door does not answer: refused: 401, the credential is wrong",
        "shop-2-door does not answer: refused: 401, the credential is wrong",
    ]
    assert [(one.sensor_id, one.circuit, one.is_active) for one in status.devices] == [
        ("shop-1-door", "open", True),
        ("shop-2-door", "open", True),
        ("spare", "open", False),
    ]


def test_a_store_is_overdue_by_the_rule_of_the_check_and_no_longer_than_it_is_known(warehouse: Warehouse) -> None:
    declare(warehouse, fleet_of(shop("old")))
    declare(warehouse, fleet_of(shop("old"), shop("lately")), utc("2026-11-20 10:00"))
    fleet = declare(warehouse, fleet_of(shop("old"), shop("lately"), shop("new")), NOW - HOUR / 2)
    poll(warehouse, fleet, NOW)

    stores = gather_status(fleet, warehouse, [], NOW).stores

    assert [(store.lateness, store.overdue_minutes) for store in stores] == [
        ("error", 22 * 60 + 25),
        ("error", 150),
        ("ok", 30),
    ]


def test_every_hour_of_the_last_day_is_complete_in_part_missing_or_not_due(warehouse: Warehouse) -> None:
    fleet = declare(warehouse, fleet_of(shop(live_since="2026-11-20")))
    fill(warehouse, ("shop-1", utc("2026-11-20 09:00"), 1.0), ("shop-1", utc("2026-11-20 10:00"), 0.5))
    an_hour_that_is_only_imputed = ("shop-1", utc("2026-11-20 07:00"), 0.0)
    fill(warehouse, an_hour_that_is_only_imputed)

    [store] = gather_status(fleet, warehouse, [], NOW).stores

    states = {f"{hour.hour_start:%d %H}": hour.state.value for hour in store.hours}
    assert len(states) == 24
    assert list(states)[-1] == "20 11"
    assert {name: states[name] for name in ("19 23", "20 07", "20 08", "20 09", "20 10", "20 11")} == {
        "19 23": "not_expected",
        "20 07": "missing",
        "20 08": "missing",
        "20 09": "complete",
        "20 10": "partial",
        "20 11": "pending",
    }


def test_a_day_of_25_hours_shows_its_last_24_hours_too(warehouse: Warehouse) -> None:
    fleet = declare(warehouse, fleet_of(shop(timezone="Europe/Lisbon")))

    [store] = gather_status(fleet, warehouse, [], utc("2026-10-25 12:30")).stores

    assert [hour.hour_start for hour in store.hours] == [utc("2026-10-24 12:00") + n * HOUR for n in range(24)]


def test_a_hundred_stores_cost_as_many_statements_as_one(warehouse: Counting) -> None:
    asked = []
    for stores in (1, 100):
        fleet = declare(warehouse, fleet_of(*(shop(f"shop-{n}") for n in range(stores))))
        warehouse.statements = 0
        assert len(gather_status(fleet, warehouse, [], NOW).stores) == stores
        asked.append(warehouse.statements)

    assert asked[0] == asked[1] <= 10


SHAPE = {
    "": [
        *("at", "is_healthy", "problems", "stages", "stores", "devices", "gaps", "quarantine", "incidents"),
        *("deliveries", "runs"),
    ],
    "stages": ["stage", "status", "findings", "store_id", "detail", "checked_at"],
    "stores": [
        *("store_id", "name", "organization_id", "timezone", "newest_complete_at", "minutes_since_newest"),
        *("overdue_minutes", "lateness", "hours"),
    ],
    "hours": ["hour_start", "hour_end", "completeness", "state"],
    "devices": [
        *("sensor_id", "store_id", "is_active", "circuit", "circuit_opened_at", "last_ok_at", "last_error"),
        *("last_error_at", "clock_skew_seconds"),
    ],
    "gaps": ["sensor_id", "store_id", "report", "cause", "hours", "first_hour", "nearest_deadline"],
    "quarantine": ["sensor_id", "store_id", "reason", "rows"],
    "incidents": [
        *("kind", "subject", "organization_id", "store_id", "cause", "detail", "since", "opened_at", "told_at"),
        "location",
    ],
    "runs": ["run_id", "job", "status", "started_at", "seconds"],
}


def test_the_shape_for_machines_is_stable_and_read_back(warehouse: Warehouse) -> None:
    fleet = declare(warehouse, fleet_of(shop()))
    inspect(warehouse, fleet, NOW)
    run = RunStatus(run_id="a-run", job="pipeline_health", status="success", started_at=NOW, seconds=1.5)
    status = gather_status(fleet, warehouse, [run], NOW)

    told = json.loads(status.model_dump_json())

    assert list(told) == SHAPE[""]
    assert {part: list(told[part][0]) for part in ("stages", "stores", "devices", "runs")} == {
        part: SHAPE[part] for part in ("stages", "stores", "devices", "runs")
    }
    assert list(told["stores"][0]["hours"][0]) == SHAPE["hours"]
    assert told["at"] == "2026-11-20T12:30:00+00:00"
    assert Status.model_validate_json(status.model_dump_json()) == status


def test_gaps_and_quarantine_are_counted_per_device_and_incidents_are_listed(warehouse: Warehouse) -> None:
    fleet = declare(warehouse, fleet_of(shop()))
    with warehouse.transaction() as connection:
        connection.execute(
            "INSERT INTO retail.collection_gaps (sensor_id, report, hour_start, store_id, organization_id, cause,"
            " first_seen, attempts, next_attempt, deadline) SELECT 'shop-1-door', 'lines', hour, 'shop-1', 'acme',"
            " 'unreachable', hour, 1, hour, hour + interval '30 days'"
            " FROM generate_series(%(now)s - interval '3 hours', %(now)s, interval '1 hour') AS hours (hour)",
            {"now": NOW},
        )
        connection.execute(
            "WITH reply AS (INSERT INTO retail.device_replies (sensor_id, store_id, organization_id, report, request,"
            " window_start, window_end, received_at, latency_ms, attempts) VALUES ('shop-1-door', 'shop-1', 'acme',"
            " 'lines', 'GET', %(now)s, %(now)s + interval '1 day', %(now)s, 1, 1) RETURNING reply_id)"
            " INSERT INTO retail.rejected_rows SELECT reply_id, 'shop-1-door', 'shop-1', 'acme', 'lines', n, 'row' || n"
            ", 'negative', %(now)s - interval '1 hour' FROM reply, generate_series(1, 3) AS rows (n)",
            {"now": NOW},
        )

        connection.execute(
            "INSERT INTO retail.incidents (location, kind, subject, cause, detail, since, opened_at)"
            " VALUES ('', 'run', 'a_job', 'KeyError', 'a bug', %(now)s, %(now)s)",
            {"now": NOW},
        )

    told = json.loads(gather_status(fleet, warehouse, None, NOW).model_dump_json())

    assert told["runs"] is None
    assert [list(one) for one in told["incidents"]] == [SHAPE["incidents"]]
    [gap], [refused] = told["gaps"], told["quarantine"]
    assert (list(gap), list(refused)) == (SHAPE["gaps"], SHAPE["quarantine"])
    assert (gap["hours"], gap["first_hour"]) == (4, "2026-11-20T09:30:00+00:00")
    assert (refused["reason"], refused["rows"]) == ("negative", 3)
