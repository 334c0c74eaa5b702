"""What may be asked, in which words, and what is said of what may not."""

import datetime as dt

import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.steps.explain.question import NotExplainableError, read_question
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.explain.conftest import DAY, NOW, Ask, asking
from retail_pipeline_tests.steps.played import Played

QUARTER = {"hour": None, "interval": "2024-07-10T17:15"}
HALL = {"hall": {"kind": "entrance", "name": "Hall"}}


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    return fleet_of(
        shop("lisbon", timezone="Europe/Lisbon", zones=HALL),
        shop("pune", door("pune-door"), timezone="Asia/Kolkata"),
        shop("bar", door("bar-door"), timezone="Europe/Lisbon", day_starts_at="04:00"),
    )


@pytest.mark.parametrize(
    ("store_id", "told", "start"),
    [
        ("lisbon", "2024-07-10T17:00", "2024-07-10 16:00"),
        ("lisbon", "2024-07-10 17:20", "2024-07-10 16:00"),
        ("lisbon", "2024-07-10T17:00Z", "2024-07-10 17:00"),
        ("lisbon", "2024-07-10T17:00+02:00", "2024-07-10 15:00"),
        ("pune", "2024-07-10T10:00", "2024-07-10 04:30"),
        ("pune", "2024-07-10T05:00Z", "2024-07-10 04:30"),
        ("lisbon", "2024-10-27T01:00+01:00", "2024-10-27 00:00"),
        ("lisbon", "2024-10-27T01:00+00:00", "2024-10-27 01:00"),
    ],
)
def test_an_hour_is_named_by_the_shop_s_clock_or_by_any_other(
    fleet: Fleet, store_id: str, told: str, start: str
) -> None:
    assert read_question(fleet, store_id, told, None, None, None).start == utc(start)


def test_an_hour_after_midnight_belongs_to_the_trading_day_before(fleet: Fleet) -> None:
    assert read_question(fleet, "bar", "2024-07-10T01:00", None, None, None).trading_day == dt.date(2024, 7, 9)
    whole = read_question(fleet, "bar", None, dt.date(2024, 7, 9), None, None)
    assert (whole.start, whole.end) == (utc("2024-07-09 03:00"), utc("2024-07-10 03:00"))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"store_id": "lisbn"},
            "--store lisbn is unknown. Did you mean lisbon? The fleet file declares lisbon, pune, bar.",
        ),
        ({"hour": None}, "Say one of --hour"),
        ({"day": DAY}, "Say one of --hour"),
        ({"interval": "2024-07-10T17:15"}, "Say one of --hour"),
        ({"hour": "yesterday"}, "--hour yesterday: write it as 2026-11-24T17:00 (Europe/Lisbon)"),
        ({"hour": "2024-03-31T01:30"}, "--hour 2024-03-31T01:30: the clock of Europe/Lisbon skipped it."),
        (
            {"hour": "2024-10-27T01:00"},
            "because the clock went back. Say --hour 2024-10-27T01:00+01:00 or --hour 2024-10-27T01:00+00:00.",
        ),
        ({"metric": "capture"}, "--metric capture is unknown. Did you mean capture_rate? There are entries, exits"),
        ({"metric": "peak_hour"}, "--metric peak_hour is a figure of a day (--day)."),
        ({"metric": "wait_minutes"}, "--metric wait_minutes is a figure of a zone's hour (--hour with --zone)."),
        (
            {"way": "hall:till"},
            "--way hall:till is unknown. Did you mean hall:outside? The ways between areas of lisbon",
        ),
        ({"way": "outside:hall", "zone": "hall"}, "Say either --zone or --way"),
        ({"way": "outside:hall", "hour": None, "day": DAY}, "--way: figures of ways are by the hour; say --hour."),
        ({"table": "zone_flow"}, "--table zone_flow is unknown. Did you mean zone_flows"),
        (
            {"table": "zone_flows"},
            "--table zone_flows holds figures of a way between areas (--hour with --way FROM:TO).",
        ),
        ({"metric": "people"}, "--metric people is a figure of a way between areas (--hour with --way FROM:TO)."),
        ({"zone": "hal"}, "--zone hal is unknown. Did you mean hall? The zones of lisbon are hall."),
        ({"metric": "is_estimated"}, "--metric is_estimated is a figure of a zone's day (--day with --zone)."),
        ({"metric": "occupancy"}, "--metric occupancy is a figure of a zone's interval (--interval with --zone)."),
        ({"device": "lisbon-door"}, "--device: its heat is by the interval; say --interval."),
        ({**QUARTER, "device": "door"}, "--device door is unknown. Did you mean lisbon-door? The devices of lisbon"),
        (QUARTER, "--interval: say either --zone, or --device"),
        ({**QUARTER, "way": "outside:hall"}, "--way: figures of ways are by the hour; say --hour."),
        ({**QUARTER, "interval": "soon", "zone": "hall"}, "--interval soon: write it as 2026-11-24T17:00"),
        (
            {**QUARTER, "zone": "hall", "table": "zone_hours"},
            "--table zone_hours holds figures of a zone's hour (--hour with --zone).",
        ),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(fleet: Fleet, asked: dict[str, str], said: str) -> None:
    question = {"store_id": "lisbon", "hour": "2024-07-10T17:00", "day": None, "zone": None, "metric": None} | asked

    with pytest.raises(NotExplainableError) as refused:
        read_question(fleet, **question)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("asked", "table"),
    [
        ({}, "hourly_analytics"),
        ({"metric": "entries"}, "hourly_analytics"),
        ({"metric": "expected_wape"}, "staffing_hours"),
        ({"metric": "share_of_week"}, "heat_maps"),
        ({"metric": "entries", "table": "heat_maps", "zone": "hall"}, "heat_maps"),
        ({"zone": "hall"}, "zone_hours"),
        ({"zone": "hall", "metric": "threshold"}, "queue_alerts"),
        ({"way": "hall:outside"}, "zone_flows"),
        ({"hour": None, "day": DAY, "zone": "hall"}, "zone_days"),
        ({**QUARTER, "zone": "hall"}, "virtual_region_occupancy"),
        ({**QUARTER, "device": "lisbon-door"}, "device_heat"),
    ],
)
def test_a_figure_is_looked_for_where_it_stands(fleet: Fleet, asked: dict[str, str], table: str) -> None:
    question = {"store_id": "lisbon", "hour": "2024-07-10T17:00", "day": None, "zone": None, "metric": None} | asked

    assert read_question(fleet, **question).table == table


def test_an_hour_outside_the_data_is_refused_with_where_they_begin(played: Played, ask: Ask) -> None:
    with pytest.raises(NotExplainableError, match=r"2024-11-23T15:00.* has not begun: .* it is 2024-11-23T14:32"):
        ask("lisbon-01", hour="2024-11-23T15:00")
    with pytest.raises(NotExplainableError, match=r"lies before the data of lisbon-01, which begin 2024-11-0"):
        ask("lisbon-01", day=dt.date(2024, 10, 1))
    with pytest.raises(NotExplainableError, match="--day 2024-11-24 has not begun"):
        asking(played, NOW)("lisbon-02", day=dt.date(2024, 11, 24))
