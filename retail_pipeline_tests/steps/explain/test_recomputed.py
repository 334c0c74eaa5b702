"""Whoever reads the replies that an explanation names, with the standard library alone, finds the figure."""

import pytest

from retail_pipeline.frames.metrics import metrics_of
from retail_pipeline.steps.explain.answer import WORKINGS
from retail_pipeline.steps.explain.document import Explanation
from retail_pipeline_tests.shops import utc
from retail_pipeline_tests.steps.explain.by_hand import (
    OF_ALERT,
    OF_CELL,
    OF_DAY,
    OF_HOUR,
    OF_INTERVAL,
    OF_PLAN,
    OF_WAY,
    OF_ZONE,
    OF_ZONE_DAY,
    Replies,
    Work,
)
from retail_pipeline_tests.steps.explain.conftest import DAY, Ask, asking
from retail_pipeline_tests.steps.played import Played


def replies_of(played: Played, told: Explanation) -> Replies:
    def body_of(reply_id: int) -> bytes:
        [(body,)] = played.sql(f"SELECT body FROM retail.device_replies WHERE reply_id = {reply_id}")
        assert isinstance(body, bytes)
        return body

    return Replies(told, body_of)


def assert_found_again(played: Played, told: Explanation, by_hand: dict[str, Work]) -> set[str]:
    """Every figure of `by_hand` that stands is found; returns which do."""
    replies = replies_of(played, told)
    standing = {one.metric: one for one in told.figures if one.value is not None and one.metric in by_hand}
    found = {name: by_hand[name](replies.counted(told, one), told) for name, one in standing.items()}
    assert found == {name: one.value for name, one in standing.items()}
    return set(found)


@pytest.mark.parametrize("hour", [f"2024-11-22T{hour:02}:00" for hour in (0, 10, 13, 17, 21)])
def test_an_hour_in_the_street(played: Played, ask: Ask, hour: str) -> None:
    told = ask("lisbon-01", hour=hour)

    found = assert_found_again(played, told, OF_HOUR)
    assert found >= set(OF_HOUR) - {"dwell_minutes", "capture_rate", "index_vs_normal"}
    assert all(one.is_current for one in told.figures if one.table == "hourly_analytics")


@pytest.mark.parametrize("hour", [f"2024-11-22T{hour:02}:00" for hour in (5, 9, 12, 15, 20)] + ["2024-11-23T04:00"])
def test_an_hour_of_half_hourly_rows_whose_day_begins_at_five(played: Played, ask: Ask, hour: str) -> None:
    told = ask("replay-los-angeles", hour=hour)

    assert {one.sensor_id for one in told.inputs} == {"replay-los-angeles-door"}
    assert_found_again(played, told, {name: work for name, work in OF_HOUR.items() if name != "capture_rate"})


@pytest.mark.parametrize("hour", ["2024-11-22T19:00", "2024-11-22T23:00Z", "2024-11-23T01:00+00:00"])
def test_an_hour_of_a_shop_with_two_devices(played: Played, ask: Ask, hour: str) -> None:
    assert assert_found_again(played, ask("lisbon-02", hour=hour), OF_HOUR) >= {
        "entries",
        "passers_by",
        "occupancy_mean",
    }


@pytest.mark.parametrize("store_id", ["lisbon-01", "lisbon-02", "replay-los-angeles"])
def test_a_day(played: Played, ask: Ask, store_id: str) -> None:
    told = ask(store_id, day=DAY)

    assert assert_found_again(played, told, OF_DAY) >= set(OF_DAY) - {"passers_by", "capture_rate", "turn_in_ratio"}
    assert all(one.is_current for one in told.figures if one.table == "daily_summaries")


@pytest.mark.parametrize(
    ("store_id", "zone"),
    [("lisbon-01", "queue"), ("lisbon-01", "shopping"), ("lisbon-02", "queue"), ("lisbon-02", "premium")],
)
def test_an_hour_of_a_zone_also_behind_an_inverted_line(played: Played, ask: Ask, store_id: str, zone: str) -> None:
    told = ask(store_id, hour="2024-11-22T20:00", zone=zone)

    expected = {"entries", "exits", "occupancy_mean", "occupancy_max", "draw_rate"}
    by_region = {"stays", "long_stays", "engagement"} if store_id == "lisbon-01" else set()
    assert assert_found_again(played, told, OF_ZONE) >= expected | by_region
    assert all(one.is_current for one in told.figures)


@pytest.mark.parametrize(
    ("store_id", "zone", "told"),
    [
        ("lisbon-01", "queue", {"entries", "stays", "occupancy_mean", "occupancy_max", "queue_length_max"}),
        ("lisbon-01", "shopping", {"entries", "stays", "occupancy_mean", "occupancy_max"}),
        ("lisbon-02", "queue", {"entries", "occupancy_mean", "occupancy_max", "queue_length_max"}),
        ("lisbon-02", "premium", {"entries", "occupancy_mean", "occupancy_max"}),
        ("replay-los-angeles", "hall", {"entries", "occupancy_max"}),
    ],
)
def test_a_day_of_a_zone(played: Played, ask: Ask, store_id: str, zone: str, told: set[str]) -> None:
    explained = ask(store_id, day=DAY, zone=zone)

    found = assert_found_again(played, explained, OF_ZONE_DAY)
    assert found >= told | {"completeness"}
    assert all(one.is_current for one in explained.figures)
    assert (explained.period, explained.run_id) == ("day", None)
    assert explained.quality_because == "100% of open hours complete; zones have no letter of their own"


def test_the_wait_of_a_day_is_weighted_by_those_who_joined(played: Played, ask: Ask) -> None:
    told = ask("lisbon-01", day=DAY, zone="queue", metric="wait_minutes")

    assert assert_found_again(played, told, OF_ZONE_DAY) == {"wait_minutes"}
    assert " who joined = " in told.figures[0].working


def test_a_day_of_a_zone_that_only_stays_tell_names_them_and_says_that_it_is_estimated(ask: Ask) -> None:
    figures = {one.metric: one for one in ask("lisbon-01", day=DAY, zone="premium").figures}

    assert figures["is_estimated"].value is True
    assert figures["is_estimated"].working == "24 of 24 hours estimated from stays = yes"
    assert figures["occupancy_mean"].uses is not None
    assert (figures["occupancy_mean"].uses.lines, figures["occupancy_mean"].uses.regions) == ((), ("lisbon-01-door/4",))
    assert (figures["entries"].value, figures["entries"].missing_because) == (
        None,
        "entries is unknown where no line bounds the zone.",
    )


@pytest.mark.parametrize(
    ("store_id", "zone", "at", "length"),
    [
        ("lisbon-01", "queue", "2024-11-22T20:10", 60),
        ("lisbon-02", "premium", "2024-11-22T20:59", 60),
        ("replay-los-angeles", "hall", "2024-11-22T12:40", 30),
        ("replay-los-angeles", "hall", "2024-11-23T04:00", 30),
    ],
)
def test_an_interval_of_a_zone(played: Played, ask: Ask, store_id: str, zone: str, at: str, length: int) -> None:
    told = ask(store_id, interval=at, zone=zone)

    assert assert_found_again(played, told, OF_INTERVAL) == {"entries", "exits", "occupancy"}
    assert all(one.is_current for one in told.figures)
    assert (told.period, (told.end - told.start).seconds / 60, told.run_id) == ("interval", length, "a-run")
    [entries] = ask(store_id, interval=at, zone=zone, metric="entries").figures
    assert entries.uses is not None
    assert (entries.uses.start, entries.uses.end) == (told.start, told.end)


def test_occupancy_shows_what_was_carried_into_it_and_where_it_was_held_at_nobody(played: Played, ask: Ask) -> None:
    """At 20:00 more people had left the queue than come since the day began, as its hour says too."""
    told = ask("lisbon-01", interval="2024-11-22T21:00", zone="queue", metric="occupancy")
    [figure] = told.figures
    rows = replies_of(played, told).counted(told, figure)

    terms = {one.name: one.value for one in figure.terms if not one.name.startswith("held")}
    before = [row for row in rows if row["start"] < told.start]
    came, left = (sum(row[side] for row in before) for side in ("entered", "left"))
    assert terms["carried into it"] == came - left
    balance, held = 0, []
    for row in before:
        balance += row["entered"] - row["left"]
        held += [(row["start"], balance)] * (balance < 0)
    assert [(one.at, one.value) for one in figure.terms if one.name.startswith("held")] == held
    assert [at for at, _ in held] == [utc("2024-11-22 20:00")]
    assert figure.working.startswith(f"({came:,} - {left:,}) before it + {terms['entries']} - {terms['exits']}")
    assert figure.value == max(0, came - left + terms["entries"] - terms["exits"])


def test_an_estimate_out_of_stays_names_the_stays_and_no_line(played: Played, ask: Ask) -> None:
    told = ask("lisbon-01", hour="2024-11-22T17:00", zone="premium", metric="occupancy_mean")

    [row] = replies_of(played, told).counted(told, told.figures[0])
    assert told.figures[0].value == row["stays"] * 2.5 / 60
    assert [one.role for one in told.inputs] == ["region"]


def test_a_wait_that_cannot_be_told_says_why(ask: Ask) -> None:
    [figure] = ask("lisbon-01", hour="2024-11-22T20:00", zone="queue", metric="wait_valid").figures

    assert figure.value is False
    assert figure.working.endswith(" left, and its count began at nobody within the hour = no")


@pytest.mark.parametrize(
    ("store_id", "way"),
    [("lisbon-01", "shopping:queue"), ("lisbon-01", "queue:shopping"), ("lisbon-02", "premium:shopping")],
)
def test_people_of_a_way_also_against_the_direction_of_its_line(
    played: Played, ask: Ask, store_id: str, way: str
) -> None:
    told = ask(store_id, hour="2024-11-22T20:00", way=way)

    assert assert_found_again(played, told, OF_WAY) == {"people"}
    assert (told.way, told.figures[0].is_current, told.run_id) == (way, True, "a-run")
    assert told.figures[0].value != 0


def test_a_queue_that_passed_a_limit(played: Played, ask: Ask) -> None:
    told = ask("lisbon-01", hour="2024-11-15T11:00", zone="queue", table="queue_alerts")

    assert assert_found_again(played, told, OF_ALERT) == {"queue_length_max", "wait_minutes"}
    threshold = next(one for one in told.figures if one.metric == "threshold")
    assert (threshold.value, threshold.working) == (
        "minutes: 8",
        "queue_length_max 3, allowed 6; wait_minutes 22.5, allowed 8: passed minutes: 8",
    )
    assert all(one.is_current for one in told.figures)


@pytest.mark.parametrize("hour", ["2024-11-22T17:00", "2024-11-22T10:00"])
def test_a_queue_that_passed_no_limit_says_how_long_it_was(ask: Ask, hour: str) -> None:
    [figure] = ask("lisbon-01", hour=hour, zone="queue", metric="threshold").figures
    [longest] = ask("lisbon-01", hour=hour, zone="queue", metric="queue_length_max").figures

    assert figure.value is None
    assert str(figure.missing_because).startswith(f"No limit was passed: queue_length_max {longest.value}, allowed 6;")
    nobody = ask("lisbon-01", hour=hour, zone="shopping", metric="threshold").figures[0].missing_because
    assert nobody == "shopping is no queue."


@pytest.mark.parametrize(("store_id", "hour"), [("lisbon-02", "2024-11-29T19:00"), ("lisbon-02", "2024-12-06T23:00")])
def test_what_is_expected_of_an_hour_to_come(played: Played, ask: Ask, store_id: str, hour: str) -> None:
    told = ask(store_id, hour=hour, table="staffing_hours")

    assert assert_found_again(played, told, OF_PLAN) == set(OF_PLAN)
    assert {f"{one.interval_start:%m-%d}" for one in told.inputs} == {"11-08", "11-15", "11-22"}
    assert all(one.is_current for one in told.figures)
    assert told.run_id == "a-plan"


def test_what_had_been_expected_of_a_day_stays_as_it_began(played: Played, ask: Ask) -> None:
    began = asking(played, utc("2024-11-30 12:00"))("lisbon-02", hour="2024-11-29T19:00", metric="expected_entries")
    [figure] = began.figures

    expected = ask("lisbon-02", hour="2024-11-29T19:00", metric="expected_entries").figures[0]
    assert (figure.value, figure.is_current, figure.terms) == (expected.value, True, expected.terms)


@pytest.mark.parametrize(
    ("hour", "because"),
    [
        ("2024-11-29T03:00", "lisbon-01 is closed then."),
        ("2024-11-22T17:00", "Nothing was expected of it when its day began."),
        ("2025-01-10T17:00", "3 of the hours of the same weekday in the last 4 weeks were counted whole, and plans"),
    ],
)
def test_an_hour_without_a_plan_says_why(ask: Ask, hour: str, because: str) -> None:
    told = ask("lisbon-01", hour=hour, table="staffing_hours")

    assert {one.value for one in told.figures} == {None}
    assert str(told.missing_because).startswith(because)


@pytest.mark.parametrize("zone", [None, "queue", "entrance"])
def test_a_cell_of_the_week_as_a_map(played: Played, ask: Ask, zone: str | None) -> None:
    told = ask("lisbon-01", hour="2024-11-22T17:00", zone=zone, table="heat_maps")

    assert assert_found_again(played, told, OF_CELL) == {"entries", "hours"}
    share = next(one for one in told.figures if one.metric == "share_of_week")
    assert share.value == pytest.approx(share.terms[0].value / share.terms[1].value)
    assert all(one.is_current for one in told.figures)
    assert told.run_id == "a-plan"


@pytest.mark.parametrize("table", sorted(WORKINGS))
def test_every_metric_of_a_table_has_a_working(table: str) -> None:
    assert set(WORKINGS[table]) == set(metrics_of(table))


def test_what_an_hour_is_compared_with_is_named(ask: Ask) -> None:
    [figure] = ask("lisbon-01", hour="2024-11-22T17:00", metric="index_vs_normal").figures

    weeks_before = [
        ask("lisbon-01", hour=f"2024-11-{day}T17:00", metric="entries").figures[0].value for day in ("15", "08")
    ]
    assert [(f"{one.at:%m-%d %H}", one.value) for one in figure.terms] == [
        ("11-15 17", weeks_before[0]),
        ("11-08 17", weeks_before[1]),
    ]
    [entries] = ask("lisbon-01", hour="2024-11-22T17:00", metric="entries").figures
    assert figure.value == entries.value / (sum(weeks_before) / 2)


def test_conversion_is_told_from_sales_and_entries_or_how_to_load_them(ask: Ask) -> None:
    [figure] = ask("lisbon-01", hour="2024-11-22T17:00", metric="conversion_rate").figures
    entries = ask("lisbon-01", hour="2024-11-22T17:00", metric="entries").figures[0].value
    assert (figure.value, figure.working.split(" = ")[0]) == (9 / entries, f"9 / {entries}")

    [of_day] = ask("lisbon-01", day=DAY, metric="opportunity").figures
    rate, people = (
        next(one.value for one in of_day.terms if one.name == name) for name in ("conversion_rate", "entries")
    )
    assert of_day.value == pytest.approx(max(0.0, 0.3 - rate) * people * 210.50 / 9)

    unsold = ask("lisbon-02", hour="2024-11-22T19:00", metric="conversion_rate").figures[0]
    assert unsold.value is None
    assert "retail-pipeline load-transactions" in str(unsold.missing_because)
