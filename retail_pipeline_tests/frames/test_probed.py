"""Each advice: a day that gives it, and one that does not."""

import datetime as dt

import polars as pl
import pytest

from retail_pipeline.fleet.models import Store
from retail_pipeline.frames import probed
from retail_pipeline.frames.probed import NewestHour
from retail_pipeline_tests.shops import door, store_of, utc

NOON = utc("2026-11-18 12:40")
ENTRANCE, STREET = "entrance", "passers_by"
INTERIOR = {"role": "interior", "from": "outside", "to": "hall"}
# From midnight: people come from ten on and leave later; the last are gone at eight.
COME = [0] * 10 + [30, 40, 50, 40, 30, 30, 20, 10, 5, 0] + [0] * 4
GO = [0] * 10 + [5, 20, 40, 45, 40, 35, 30, 25, 10, 5] + [0] * 4


def a_day(come=COME, go=GO, street=None, *, turned: int = 0, minutes: int = 60, name: str = "the-door") -> pl.DataFrame:
    """Rows with line 1 and, where told, line 4; the window begins `turned` hours after midnight."""
    street = street or [0] * 24
    hours = [(turned + n) % 24 for n in range(24)]
    start = utc("2026-11-18 00:00") + dt.timedelta(hours=turned)
    zero = {f"line{n}_{way}": 0 for n in (2, 3) for way in ("in", "out")}
    rows = [
        {
            "interval_start": start + n * dt.timedelta(minutes=minutes),
            "interval_end": start + (n + 1) * dt.timedelta(minutes=minutes),
            "line1_in": come[hour],
            "line1_out": go[hour],
            "line4_in": street[hour],
            "line4_out": 0,
            "sensor_id": name,
            "store_id": "shop-1",
            "is_complete": True,
            "collected_at": start,
            **zero,
            "total_in": come[hour] + street[hour],
            "total_out": go[hour],
        }
        for n, hour in enumerate(hours)
    ]
    return pl.DataFrame(rows)


def shop_with(*doors) -> Store:
    return store_of(sensors=doors, zones={"hall": {"kind": "entrance", "name": "Hall"}})


def said(rows: pl.DataFrame, lines=None) -> list[str]:
    store = shop_with(door("the-door", lines=lines or {1: {"role": ENTRANCE}}))
    lines_seen = probed.line_days(rows, store.sensors[0])
    return [*probed.line_advice(lines_seen), *probed.inverted_advice(rows, store).values()]


def test_a_good_day_of_a_door_and_its_street_needs_no_advice() -> None:
    assert said(a_day(street=[300] * 24), {1: {"role": ENTRANCE}, 4: {"role": STREET}}) == []


@pytest.mark.parametrize("declared", [{"role": ENTRANCE}, INTERIOR], ids=["as an entrance", "as interior"])
def test_a_line_far_busier_than_the_declared_entrance_looks_like_the_street(declared) -> None:
    [sentence] = said(a_day(street=[300] * 24), {1: {"role": ENTRANCE}, 4: declared})[-1:]
    assert sentence.startswith("line 4 looks like the street: 7,200 crossings against 510")


def test_two_doors_of_one_shop_do_not_look_like_a_street() -> None:
    two_doors = {1: {"role": ENTRANCE}, 4: {"role": ENTRANCE}}
    assert not any("street" in one for one in said(a_day(street=[30] * 24), two_doors))


def test_a_street_that_is_quieter_than_the_door_is_exchanged_with_it() -> None:
    lines = {1: {"role": STREET}, 4: {"role": ENTRANCE}}
    assert any("are the two exchanged?" in one for one in said(a_day(street=[300] * 24), lines))
    assert not any("exchanged" in one for one in said(a_day(street=[30] * 24), lines))


@pytest.mark.parametrize("turned", [0, 7, 13, 19])
def test_a_line_where_people_leave_before_they_come_looks_inverted_whenever_the_window_begins(turned) -> None:
    [sentence] = said(a_day(come=GO, go=COME, turned=turned))
    assert sentence.startswith("line 1 looks inverted")
    assert sentence.endswith("set inverted: true")
    assert said(a_day(turned=turned)) == []


def test_an_inverted_line_that_is_declared_so_is_right_and_a_right_one_declared_inverted_is_not() -> None:
    inverted = {1: {"role": ENTRANCE, "inverted": True}}
    assert said(a_day(come=GO, go=COME), inverted) == []
    assert said(a_day(), inverted)[0].endswith("set inverted: false")


def test_a_door_that_people_only_leave_by_is_not_inverted() -> None:
    assert said(a_day(come=[0] * 24, go=GO)) == []


def test_doors_that_people_come_and_leave_by_unevenly_are_judged_together() -> None:
    """Most come by the front and leave by the back, as they do in many shops; then the front is mounted wrongly."""
    front, back = ([share * n // 10 for n in people] for share, people in ((8, COME), (2, COME)))
    front_out, back_out = ([share * n // 10 for n in people] for share, people in ((3, GO), (7, GO)))
    store = shop_with(door("front", lines={1: {"role": ENTRANCE}}), door("back", lines={1: {"role": ENTRANCE}}))
    at_the_back = a_day(back, back_out, name="back")

    right = pl.concat([a_day(front, front_out, name="front"), at_the_back])
    wrong = pl.concat([a_day(front_out, front, name="front"), at_the_back])

    assert probed.inverted_advice(right, store) == {}
    assert list(probed.inverted_advice(wrong, store)) == ["front"]


def test_a_shop_that_is_never_quiet_tells_no_beginning() -> None:
    assert said(a_day(come=[5, 9] * 12, go=[9, 5] * 12)) == []


def test_drift_is_not_inversion() -> None:
    for share in (0.95, 0.7):
        missed_entries = [round(people * share) for people in COME]
        assert said(a_day(come=missed_entries)) == []


def test_a_declared_line_without_traffic_and_an_undeclared_one_with_some_are_told() -> None:
    lines = {1: {"role": ENTRANCE}, 2: INTERIOR, 3: {"role": "ignored"}}
    assert said(a_day(street=[1] * 24), lines) == [
        "line 2 (interior) counted nobody in 24 hours: is it drawn where people walk?",
        "line 4 counted 24 crossings and is not declared; give it a role, or ignored",
    ]


def test_a_device_that_saw_nobody_is_told_once() -> None:
    [sentence] = said(a_day(come=[0] * 24, go=[0] * 24))
    assert sentence.startswith("no line counted anybody")


def test_regions_are_held_against_their_declaration() -> None:
    assert list(probed.region_advice({1: 50, 3: 7}, {1: "hall", 2: "queue"})) == [
        "region 2 (queue) counted nobody in 24 hours: is it drawn where people stand?",
        "region 3 counted 7 stays and is not declared; name its zone",
    ]
    assert list(probed.region_advice({1: 50}, {1: "hall"})) == []


def test_the_length_of_rows_is_held_against_the_declared_interval() -> None:
    assert list(probed.interval_advice(a_day(), 60)) == []
    [sentence] = probed.interval_advice(a_day(minutes=30), 60)
    assert sentence == "its rows last 30 minutes; the fleet file says interval_minutes: 60"


def test_a_clock_that_is_right_wrong_by_whole_hours_adrift_or_silent() -> None:
    assert list(probed.clock_advice(90.0)) == []
    assert next(probed.clock_advice(3610.0)).startswith("its clock is +1 h off UTC")
    assert next(probed.clock_advice(-400.0)).startswith("its clock is -400 s off UTC")
    assert "no HTTP Date" in next(probed.clock_advice(None))


def zones(newest: NewestHour | None, timezone: str = "Europe/Lisbon", hours: str = "10:00-20:00") -> list[str]:
    store = store_of(timezone=timezone, opening_hours={"mon-sun": hours})
    return list(probed.zone_advice(newest, NOON, store, store.sensors[0]))


def stamp(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-11-18 {text}")


def test_a_stamp_an_hour_ahead_or_behind_is_a_wrong_zone_and_which() -> None:
    [ahead] = zones(NewestHour(stamp("13:00"), 1))
    assert "1 h ahead of Europe/Lisbon" in ahead
    assert "UTC+01:00 (such as Europe/Amsterdam)" in ahead
    [behind] = zones(NewestHour(stamp("11:00"), 40))
    assert "1 h behind Europe/Lisbon" in behind
    [utc_clock] = zones(NewestHour(stamp("12:30"), 90), "Europe/Madrid")
    assert "1 h behind Europe/Madrid" in utc_clock
    assert "as in UTC." in utc_clock


def test_the_right_hour_an_empty_hour_and_a_closed_shop_are_no_wrong_zone() -> None:
    assert zones(NewestHour(stamp("12:00"), 3)) == []
    assert zones(NewestHour(stamp("11:00"), 4)) == []
    assert zones(NewestHour(stamp("11:00"), 40), hours="12:30-20:00") == []
    assert zones(NewestHour(stamp("09:00"), 40)) == []
    assert zones(None) == []


def test_a_zone_is_named_by_its_offset_also_west_of_greenwich_and_off_the_hour() -> None:
    assert "UTC+06:30" in zones(NewestHour(stamp("19:00"), 1), "Asia/Kolkata")[0]
    assert "UTC-04:00 (such as America/" in zones(NewestHour(stamp("08:00"), 1), "America/New_York")[0]


def test_what_is_left_of_the_oldest_day_is_told() -> None:
    assert list(probed.retention_advice((24, 300), 30)) == []
    assert list(probed.retention_advice(None, 30)) == []
    assert next(probed.retention_advice((0, 0), 30)).startswith("it has no rows of 30 days ago")
    assert next(probed.retention_advice((24, 0), 30)).startswith("its rows of 30 days ago hold nobody")
