"""Rows that can't be trusted: told with reason, row and reply, while the good rows of the reply go through."""

import datetime as dt
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl
import pytest

from retail_pipeline.assets.collected import _delivered
from retail_pipeline.fleet.models import Fleet, Report
from retail_pipeline.local.postgres import PostgresHandle
from retail_pipeline.local.simulator.scenario import Scenario
from retail_pipeline.steps.collect import Collected
from retail_pipeline.steps.health import evaluate
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.conftest import fresh_database
from retail_pipeline_tests.faults.rhythm import HOUR, FleetDays
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

NOW = utc("2026-06-18 21:32")
BAD = utc("2026-06-18 14:00")
DAY = [utc("2026-06-17 22:00") + n * HOUR for n in range(24)]
KEPT_TOO = "unknown-line"
REASONS = {
    "bad_sums": "Sum is not In + Out",
    "negative": "a figure is negative",
    "non_numeric": "a cell is no number",
    "over_cap": "a figure is above 10,000",
    "other_dates": "it lies outside of what was asked",
    "unfloored_first_row": "it begins or ends within an interval",
    "unknown_line": "people on line 3, which the fleet file does not declare: all else of the row is kept",
}
COUNTED = (Report.LINES, Report.REGIONS, Report.LONG_STAYS)
REGION_REASONS = {
    **REASONS,
    "bad_sums": "Sum is not the sum of the regions",
    "unknown_line": "people on region 3, which the fleet file does not declare: all else of the row is kept",
}


@dataclass(frozen=True)
class Polled:
    """Both reports of every store, polled once, with one bad row in each reply."""

    fleet: Fleet
    warehouse: Warehouse
    collected: dict[Report, Collected]

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with self.warehouse.transaction() as connection:
            return connection.execute(statement.encode()).fetchall()


def store_id(fault: str) -> str:
    return fault.replace("_", "-")


def limits_of(fault: str) -> dict[str, str]:
    # Of the first row there is one; the others strike the row of an hour, which `until` does not include.
    return {} if fault in {"unfloored_first_row", "missing_columns"} else {"from": f"{BAD + dt.timedelta(minutes=1)}"}


@pytest.fixture(scope="module")
def polled(postgres: PostgresHandle) -> Iterator[Polled]:
    faults = [*REASONS, "missing_columns", "healthy"]
    doors = {fault: door(f"{store_id(fault)}-door", reports=COUNTED, regions={1: "hall"}) for fault in faults}
    hall = {"hall": {"kind": "entrance", "name": "Hall"}}
    fleet = fleet_of(*(shop(store_id(fault), doors[fault], zones=hall) for fault in faults))
    until = (BAD + dt.timedelta(minutes=30)).isoformat()
    spoilt = {
        f"{store_id(fault)}-door": {"faults": [{"name": fault, "until": until, **limits_of(fault)}]}
        for fault in faults[:-1]
    }
    for fault in ("unfloored_first_row", "missing_columns"):
        spoilt[f"{store_id(fault)}-door"] = {"faults": [fault]}
    with running_simulator(fleet, Scenario.model_validate({"devices": spoilt})) as simulator:
        simulator.freeze(NOW.isoformat())
        with fresh_database(postgres) as url:
            migrate(url)
            days = FleetDays(fleet, simulator, Warehouse(url), DAY[0])
            hours = dict.fromkeys(fleet.store_ids, DAY)
            yield Polled(fleet, days.warehouse, {report: days.collect(hours, NOW, report) for report in COUNTED})


@pytest.mark.parametrize(
    ("report", "reasons"),
    [(Report.LINES, REASONS), (Report.REGIONS, REGION_REASONS), (Report.LONG_STAYS, REGION_REASONS)],
)
def test_the_bad_row_is_kept_with_its_reason_and_its_reply(polled: Polled, report: Report, reasons) -> None:
    rows = polled.sql(
        "SELECT rejected.store_id, rejected.reason, rejected.row, replies.body"
        " FROM retail.rejected_rows AS rejected"
        " INNER JOIN retail.device_replies AS replies USING (reply_id, sensor_id, report)"
        f" WHERE report = '{report}' AND row_number > 0 ORDER BY store_id"
    )

    assert [row[0] for row in rows] == sorted(store_id(fault) for fault in reasons)
    told = {store: reason for store, reason, *_ in rows}
    assert all(reason in told[store_id(fault)] for fault, reason in reasons.items())
    assert all(row in gzip.decompress(body).decode() for *_, row, body in rows)


@pytest.mark.parametrize("report", COUNTED)
def test_the_good_rows_of_the_same_reply_go_through(polled: Polled, report: Report) -> None:
    stored = reads.counts(polled.warehouse, report, polled.fleet.store_ids, DAY[0], NOW)
    by_store = dict(stored.group_by("store_id").len().rows())

    assert by_store.pop("healthy") == by_store.pop(KEPT_TOO) == 24
    assert by_store == {store_id(fault): 23 for fault in REASONS if store_id(fault) != KEPT_TOO}
    spoilt = stored.filter(pl.col("interval_start") == BAD)
    assert set(spoilt["store_id"]) == {"healthy", KEPT_TOO, "unfloored-first-row"}


def test_a_report_without_a_column_is_kept_by_its_header(polled: Polled) -> None:
    rows = polled.sql(
        "SELECT report, reason, row_number, row, error_cause FROM retail.rejected_rows"
        " INNER JOIN retail.device_replies USING (reply_id, sensor_id, report)"
        " WHERE sensor_id = 'missing-columns-door' ORDER BY report"
    )

    assert [(report, reason, number, cause) for report, reason, number, _, cause in rows] == [
        ("lines", "columns are missing: line1_in, line1_out", 0, "malformed"),
        ("long_stays", "columns are missing: region1", 0, "malformed"),
        ("regions", "columns are missing: region1", 0, "malformed"),
    ]
    assert rows[0][3].startswith("StartTime, EndTime, Tolal - In")


def test_the_hour_of_a_bad_row_is_a_gap(polled: Polled) -> None:
    missing = polled.sql(
        "SELECT DISTINCT store_id, cause FROM retail.collection_gaps"
        f" WHERE report = 'lines' AND hour_start = '{BAD}' ORDER BY store_id"
    )

    whole = {store_id("unknown_line"), "unfloored-first-row"}
    faults = {store_id(fault) for fault in [*REASONS, "missing_columns"]} - whole
    assert missing == [(fault, "malformed") for fault in sorted(faults)]


@pytest.mark.parametrize("report", COUNTED)
def test_refused_rows_are_counted_in_the_run_and_for_each_store(polled: Polled, report: Report) -> None:
    collected = polled.collected[report]
    told = {
        event.partition: event.metadata
        for event in _delivered(dg.AssetKey("counts"), collected)
        if event.partition is not None
    }
    last = DAY[-1]

    assert collected.rejected_rows == len(REASONS) + 1
    assert f"{len(REASONS) + 1} rejected" in collected.in_words()
    quarantined = {
        key.split("|")[1]: data["rows_quarantined"].value for key, data in told.items() if f"{last:%H}:" in key
    }
    assert quarantined == {**{store_id(fault): 1 for fault in REASONS}, "healthy": 0}
    assert {data["future_rows_dropped"].value for data in told.values()} == {0}


@pytest.mark.parametrize("table", ["raw_sensor_counts", "regional_counts"])
def test_the_check_names_every_device_with_refused_rows(polled: Polled, table: str) -> None:
    key = f"{table}/quarantined_rows"
    found = evaluate(polled.fleet, polled.warehouse, [key], NOW + HOUR)[key].findings

    assert set(found["store_id"]) == {store_id(fault) for fault in [*REASONS, "missing_columns"]}
    assert set(found["figure"]) == {1.0}
