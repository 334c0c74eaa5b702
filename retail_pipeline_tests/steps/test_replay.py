"""Stored replies read again give the rows that collecting gave, to the last digit, and correct what a parser got wrong."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retail_pipeline.fleet.models import Report
from retail_pipeline.steps import replay as replaying
from retail_pipeline.steps.derive import derive_days
from retail_pipeline.steps.replay import Replayed, replay
from retail_pipeline.steps.summarise import summarise_days
from retail_pipeline.warehouse import reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop, utc
from retail_pipeline_tests.steps.played import Played

NOON = utc("2026-07-10 12:40")
POLLS = [NOON - dt.timedelta(minutes=20), NOON, NOON + dt.timedelta(minutes=30), NOON + dt.timedelta(hours=26)]
EVER = (utc("2026-01-01 00:00"), utc("2027-01-01 00:00"))
LATER = NOON + dt.timedelta(days=3)

FLEET = fleet_of(
    shop(
        "lisbon",
        door("door", reports=["lines", "regions"], regions={1: "hall"}),
        door("back", interval_minutes=30),
        timezone="Europe/Lisbon",
        zones={"hall": {"kind": "entrance", "name": "Hall"}},
    ),
    shop("pune", timezone="Asia/Kolkata"),
)


@pytest.fixture
def played(database_url: str) -> Iterator[Played]:
    migrate(database_url)
    with running_simulator(FLEET) as simulator:
        yield Played(FLEET, simulator, Warehouse(database_url), database_url)


@pytest.fixture
def collected(played: Played) -> Played:
    """Four polls of both reports: the open hour changed in between, and most rows came three times."""
    for now in POLLS:
        for report in Report:
            played.collect(now, report)
    return played


def replayed(played: Played, **asked: Any) -> Replayed:
    start, end = asked.pop("received", EVER)
    fleet = asked.pop("fleet", played.fleet)
    return replay(fleet, played.warehouse, start, end, store_ids=asked.pop("stores", ()), now=asked.pop("now", LATER))


def test_replaying_what_is_right_changes_nothing(collected: Played) -> None:
    before = collected.counts()

    told = replayed(collected)

    assert (told.replies, told.changed_rows, told.removed_rows, told.hours) == (16, 0, 0, {})
    assert_frame_equal(collected.counts(), before)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("UPDATE retail.raw_sensor_counts SET line1_in = 7000", id="figures"),
        pytest.param("UPDATE retail.raw_sensor_counts SET is_complete = NOT is_complete", id="completeness"),
        pytest.param("DELETE FROM retail.raw_sensor_counts", id="rows gone"),
        pytest.param("DELETE FROM retail.raw_sensor_counts WHERE sensor_id = 'door'", id="a device gone"),
    ],
)
@pytest.mark.parametrize("batch", [1, 1000])
def test_damaged_rows_come_back_to_the_last_digit(
    collected: Played, damage: str, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "BATCH", batch)
    before = collected.counts()
    collected.sql(damage)

    told = replayed(collected)

    assert told.changed_rows > 0
    assert_frame_equal(collected.counts(), before)
    assert replayed(collected).changed_rows == 0


def test_regions_are_replayed_too(collected: Played) -> None:
    before = collected.counts(Report.REGIONS)
    collected.sql("UPDATE retail.regional_counts SET region1 = 1, total = 1")

    replayed(collected)

    assert before.height > 24
    assert_frame_equal(collected.counts(Report.REGIONS), before)


def test_rows_that_lie_in_the_wrong_hour_are_moved(collected: Played) -> None:
    before = collected.counts()
    collected.sql("DELETE FROM retail.raw_sensor_counts WHERE interval_start > '2026-07-11 07:00Z'")
    collected.sql(
        "UPDATE retail.raw_sensor_counts"
        " SET interval_start = interval_start + interval '300 hours', interval_end = interval_end + interval '300 hours'"
    )
    collected.sql(
        "UPDATE retail.raw_sensor_counts"
        " SET interval_start = interval_start - interval '265 hours', interval_end = interval_end - interval '265 hours'"
    )

    told = replayed(collected)

    assert told.removed_rows > 0
    assert_frame_equal(collected.counts(), before)


def test_only_the_stores_and_the_time_asked_for_are_read(collected: Played) -> None:
    before = collected.counts()
    collected.sql("UPDATE retail.raw_sensor_counts SET line1_in = 7000")

    told = replayed(collected, stores=["pune"], received=(POLLS[3], EVER[1]))

    assert told.replies == 1
    assert told.hours.keys() == {"pune"}
    right = collected.counts().join(before, on=["sensor_id", "interval_start", "line1_in"], how="semi")
    assert right["store_id"].unique().to_list() == ["pune"]
    assert right["collected_at"].unique().to_list() == [POLLS[3]]


def test_an_older_reply_never_replaces_a_newer_one(collected: Played) -> None:
    before = collected.counts()

    replayed(collected, received=(POLLS[0], POLLS[1]))

    assert_frame_equal(collected.counts(), before)


def test_replies_of_a_device_that_is_not_declared_are_skipped_and_named(collected: Played) -> None:
    before = collected.counts()
    collected.sql("UPDATE retail.raw_sensor_counts SET line1_in = 7000")
    remaining = fleet_of(shop("lisbon", door("door"), timezone="Europe/Lisbon"))

    told = replayed(collected, fleet=remaining)

    assert [sentence.split(":")[0] for sentence in told.skipped] == [
        "back is not declared in lisbon any more",
        "pune-door is not declared in pune any more",
    ]
    is_door = pl.col("sensor_id") == "door"
    assert_frame_equal(collected.counts().filter(is_door), before.filter(is_door))
    assert collected.counts().filter(~is_door)["line1_in"].unique().to_list() == [7000]


def test_a_row_that_no_reply_supports_any_more_is_removed_and_asked_for_again(collected: Played) -> None:
    hour = utc("2026-07-10 10:00")
    spoil_bodies(collected, lambda body: body.replace(b"11:00:00,2026/07/10 11:59:59,", b"11:00:00,2026/07/10 11:59:59,n/a"))

    told = replayed(collected)

    lost = collected.sql("SELECT sensor_id, report, hour_start, cause FROM retail.collection_gaps WHERE recovered_at IS NULL")
    assert ("door", "lines", hour, "malformed") in lost
    assert collected.counts().filter(sensor_id="door", interval_start=hour).is_empty()
    assert told.removed_rows > 0
    assert told.rejected_rows > 0
    assert collected.sql(
        "SELECT 1 FROM retail.revisions WHERE column_name = 'line1_in' AND new_value IS NULL"
        " AND row_key ->> 'sensor_id' = 'door'"
    )


def test_where_only_the_last_reply_is_refused_the_one_before_it_counts(
    collected: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "BATCH", 1)
    hour = utc("2026-07-10 12:00")
    is_hour = (pl.col("sensor_id") == "door") & (pl.col("interval_start") == hour)
    [before] = collected.counts().filter(is_hour).rows(named=True)
    spoil_bodies(
        collected,
        lambda body: body.replace(b"13:00:00,2026/07/10 13:59:59,", b"13:00:00,2026/07/10 13:59:59,n/a"),
        since=before["collected_at"],
    )

    replayed(collected)

    [after] = collected.counts().filter(is_hour).rows(named=True)
    assert after["collected_at"] < before["collected_at"]
    assert after["total_in"] <= before["total_in"]


def test_what_a_better_parser_believes_leaves_quarantine(collected: Played) -> None:
    before = collected.counts()
    good = spoil_bodies(collected, lambda body: body.replace(b"11:00:00,2026", b"11:61:00,2026"))
    replayed(collected)
    [[refused]] = collected.sql("SELECT count(*) FROM retail.rejected_rows")
    restore_bodies(collected, good)

    replayed(collected)

    assert refused
    assert collected.sql("SELECT count(*) FROM retail.rejected_rows") == [(0,)]
    assert_frame_equal(collected.counts(), before)
    is_open = "recovered_at IS NULL AND cause = 'malformed' AND hour_start < '2026-07-10 12:00Z'"
    assert collected.sql(f"SELECT hour_start FROM retail.collection_gaps WHERE {is_open}") == []


def test_days_are_derived_again_though_their_inputs_look_no_newer(collected: Played) -> None:
    days = {store.id: {NOON.date(), NOON.date() + dt.timedelta(days=1)} for store in collected.fleet.stores}
    derive_days(collected.fleet, collected.warehouse, days, LATER, "first")
    summarise_days(collected.fleet, collected.warehouse, days, LATER, "first", due_only=False, since=EVER[0])
    right = reads.daily(collected.warehouse, collected.fleet.store_ids, NOON.date(), NOON.date())
    collected.sql("UPDATE retail.raw_sensor_counts SET line1_in = 7000")
    derive_days(collected.fleet, collected.warehouse, days, LATER, "wrong")
    summarise_days(collected.fleet, collected.warehouse, days, LATER, "wrong", due_only=False, since=EVER[0])
    wrong = reads.daily(collected.warehouse, collected.fleet.store_ids, NOON.date(), NOON.date())

    told = replayed(collected)

    again = reads.daily(collected.warehouse, collected.fleet.store_ids, NOON.date(), NOON.date())
    assert wrong["entries"].to_list() != right["entries"].to_list()
    assert_frame_equal(again.drop("run_id", strict=False), right.drop("run_id", strict=False))
    assert NOON.date() in told.days["pune"]
    assert told.failed == {}


def spoil_bodies(
    played: Played, change: Callable[[bytes], bytes], since: dt.datetime = EVER[0]
) -> list[tuple[object, ...]]:
    """Puts other bodies into the store, as a stand-in for a parser that reads them otherwise; returns the good ones."""
    import gzip

    import psycopg

    with psycopg.connect(played.url) as connection:
        good = connection.execute(
            "SELECT reply_id, body FROM retail.device_replies WHERE received_at >= %s", [since]
        ).fetchall()
        for reply_id, body in good:
            spoilt = gzip.compress(change(gzip.decompress(body)))
            connection.execute("UPDATE retail.device_replies SET body = %s WHERE reply_id = %s", [spoilt, reply_id])
    return good


def restore_bodies(played: Played, good: list[tuple[object, ...]]) -> None:
    import psycopg

    with psycopg.connect(played.url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE retail.device_replies SET body = %s WHERE reply_id = %s", [(body, one) for one, body in good]
        )
