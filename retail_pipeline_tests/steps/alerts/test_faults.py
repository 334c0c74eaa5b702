"""What counts as a failure, and what is only the shadow of another one."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.steps.alerts.faults import Fault, Kind, current_faults
from retail_pipeline_tests.shops import door, fleet_of, shop, utc

NOW = utc("2026-11-20 12:40")
MINUTE = dt.timedelta(minutes=1)
QUARTER_PAST = utc("2026-11-20 12:15")
STALE = Fault(Kind.FRESHNESS, "raw_sensor_counts", "stale", "nothing was added", NOW)
FAILED = Fault(Kind.RUN, "run_analytics_aggregation", "KeyError", "'shop-9'", NOW)


def device(name: str = "shop-1-door", **told: Any) -> dict[str, Any]:
    """A row of the monitor's devices; it answers unless told otherwise."""
    well = {"is_active": True, "circuit": "closed", "opened_at": None, "consecutive_failures": 0}
    return {
        "sensor_id": name,
        "store_id": name.removesuffix("-door"),
        "organization_id": "acme",
        "last_error": None,
        "last_error_at": None,
        **well,
        **told,
    }


def silent(name: str = "shop-1-door", error: str = "unreachable: no route to host", **told: Any) -> dict[str, Any]:
    opened = {"circuit": "open", "opened_at": NOW - 60 * MINUTE, "consecutive_failures": 3}
    return device(name, **{**opened, "last_error": error, "last_error_at": NOW - 8 * MINUTE, **told})


def inspection(store_id: str = "shop-1", stage: str = "collection", status: str = "error", **told: Any):
    seen = {"checked_at": QUARTER_PAST, "failing_since": QUARTER_PAST if status == "error" else None}
    return {"store_id": store_id, "organization_id": "acme", "stage": stage, "status": status} | {
        "findings": 1,
        "detail": f"{store_id} owes an hour",
        **seen,
        **told,
    }


def faults(*devices: dict[str, Any], inspections=(), by_dagster=(), fleet: Fleet | None = None) -> list[Fault]:
    time = pl.Datetime("us", "UTC")
    states = pl.DataFrame(
        list(devices or [device()]),
        schema_overrides={"opened_at": time, "last_error_at": time, "last_error": pl.String},
    )
    shape = inspection()
    found = pl.DataFrame(list(inspections) or [shape], schema_overrides={"checked_at": time, "failing_since": time})
    if not inspections:
        found = found.clear()
    return current_faults(fleet or fleet_of(shop()), states, found, by_dagster, NOW)


def test_a_healthy_pipeline_has_none() -> None:
    assert faults(device(), inspections=[inspection(status="warn"), inspection(stage="devices", status="ok")]) == []


def test_a_device_that_has_ceased_to_answer_is_one_with_its_cause_and_host() -> None:
    assert faults(silent()) == [
        Fault(
            kind=Kind.DEVICE,
            subject="shop-1-door",
            cause="unreachable",
            detail="no route to host",
            since=NOW - 60 * MINUTE,
            organization_id="acme",
            store_id="shop-1",
            shared="host 127.0.0.1",
        )
    ]


def test_devices_that_refuse_a_secret_share_the_secret() -> None:
    fleet = fleet_of(shop("shop-1", door("shop-1-door", credential="SHOPS")))

    [fault] = faults(silent(error="refused: 401"), fleet=fleet)

    assert (fault.cause, fault.shared) == ("refused", "credential SHOPS")


@pytest.mark.parametrize(
    "row",
    [silent(is_active=False), silent("gone-door"), device(consecutive_failures=2, last_error_at=NOW)],
    ids=["nobody asks it", "no longer declared", "failed twice"],
)
def test_what_is_not_asked_or_may_answer_at_the_next_poll_is_none(row: dict[str, Any]) -> None:
    assert faults(device(), row) == []


def test_the_hours_of_a_silent_device_are_no_second_failure_but_other_stages_are() -> None:
    found = faults(silent(), inspections=[inspection(), inspection(stage="analytics", detail="sums differ")])

    assert [(one.kind, one.subject) for one in found] == [("device", "shop-1-door"), ("check", "shop-1: analytics")]


@pytest.mark.parametrize(
    ("last_error_at", "failing_since", "is_told"),
    [
        (None, QUARTER_PAST, True),
        (utc("2026-11-20 12:02"), QUARTER_PAST, False),
        (utc("2026-11-20 12:32"), QUARTER_PAST, False),
        (utc("2026-11-20 10:32"), QUARTER_PAST, True),
        (utc("2026-11-20 12:32"), utc("2026-11-20 08:15"), True),
    ],
    ids=["never failed", "failed before", "failed since", "failed long before", "failing on and off for hours"],
)
def test_an_inspection_that_saw_only_a_failed_poll_is_not_told(last_error_at, failing_since, is_told) -> None:
    found = faults(device(last_error_at=last_error_at), inspections=[inspection(failing_since=failing_since)])

    assert [one.subject for one in found] == (["shop-1: collection"] if is_told else [])


def test_a_failing_stage_is_told_since_its_first_error_and_an_old_inspection_tells_nothing() -> None:
    since = utc("2026-11-20 09:15")
    [fault] = faults(inspections=[inspection(stage="devices", failing_since=since)])

    assert (fault.since, fault.cause, fault.store_id) == (since, "devices", "shop-1")
    assert faults(inspections=[inspection(stage="devices", checked_at=NOW - 121 * MINUTE)]) == []


def test_tables_are_not_told_to_be_stale_when_no_device_is_left_to_fill_them() -> None:
    two = fleet_of(shop("shop-1"), shop("shop-2"))

    assert faults(device(), silent("shop-2-door"), by_dagster=[STALE, FAILED], fleet=two)[1:] == [STALE, FAILED]
    assert faults(silent(), by_dagster=[STALE, FAILED])[1:] == [FAILED]
