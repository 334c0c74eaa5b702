"""Whoever reads the replies that an explanation names, with the standard library alone, finds the figure."""

import pytest

from retail_pipeline.frames.metrics import metrics_of
from retail_pipeline.steps.explain.answer import WORKINGS
from retail_pipeline.steps.explain.document import Explanation
from retail_pipeline_tests.steps.explain.by_hand import OF_DAY, OF_HOUR, OF_ZONE, Replies, Work
from retail_pipeline_tests.steps.explain.conftest import DAY, Ask
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
    assert found >= set(OF_HOUR) - {"dwell_minutes", "capture_rate"}
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

    assert assert_found_again(played, told, OF_DAY) >= {"entries", "exits", "drift", "occupancy_max"}
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


def test_an_estimate_out_of_stays_names_the_stays_and_no_line(played: Played, ask: Ask) -> None:
    told = ask("lisbon-01", hour="2024-11-22T17:00", zone="premium", metric="occupancy_mean")

    [row] = replies_of(played, told).counted(told, told.figures[0])
    assert told.figures[0].value == row["stays"] * 2.5 / 60
    assert [one.role for one in told.inputs] == ["region"]


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
