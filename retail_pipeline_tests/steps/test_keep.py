"""A store whose replies can't be kept fails alone, with a cause of its own, and is asked again."""

import datetime as dt
from collections.abc import Iterator

import pytest

from retail_pipeline.devices.models import Ask, Reply
from retail_pipeline.fleet.calendar import local_hours
from retail_pipeline.fleet.models import Report
from retail_pipeline.steps.collect import Collected, collect
from retail_pipeline.warehouse import gaps, reads
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import migrate
from retail_pipeline_tests.devices.replies import line_row, lines_csv
from retail_pipeline_tests.shops import fleet_of, shop, utc

NOW = utc("2026-11-18 12:32")
HOUR = dt.timedelta(hours=1)
FLEET = fleet_of(shop("shop-1"), shop("shop-2"), shop("shop-3"))
WANTED = [NOW.replace(minute=0) - n * HOUR for n in (1, 2)]
REFUSE = """
CREATE FUNCTION retail.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room for it'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON retail.raw_sensor_counts FOR EACH ROW
WHEN (new.store_id = 'shop-2') EXECUTE FUNCTION retail.refuse();
"""
ALLOW = "DROP TRIGGER refuse ON retail.raw_sensor_counts"


@pytest.fixture
def warehouse(database_url: str) -> Iterator[Warehouse]:
    migrate(database_url)
    return Warehouse(database_url)


def run(warehouse: Warehouse, statement: str) -> list[tuple[object, ...]]:
    with warehouse.transaction() as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def report_of(starts: list[dt.datetime]) -> bytes:
    return lines_csv(*(line_row(f"{start:%Y/%m/%d %H:%M}", (5, 4)) for start in starts)).encode()


def poll(warehouse: Warehouse, now: dt.datetime = NOW, spoilt: bytes | None = None) -> Collected:
    """Every device counts five people an hour; that of shop-2 says `spoilt` where that is given."""

    def answer(ask: Ask) -> Reply:
        starts = [hour.hour_start.replace(tzinfo=None) for hour in local_hours(ask.store, ask.start, now)]
        body = report_of(starts) if spoilt is None or ask.store.id != "shop-2" else spoilt
        return Reply(ask, "http://sensor.example", 200, body, now, 5.0, now)

    wanted = dict.fromkeys(FLEET.store_ids, WANTED)
    return collect(FLEET, warehouse, lambda asks: [answer(ask) for ask in asks], Report.LINES, wanted, now)


def test_a_store_that_can_not_be_stored_fails_alone_and_its_reply_is_kept(warehouse: Warehouse) -> None:
    run(warehouse, REFUSE)
    collected = poll(warehouse)

    assert {hour.store_id for hour in collected.delivered} == {"shop-1", "shop-3"}
    assert {(hour.store_id, hour.hour) for hour in collected.failed} == {("shop-2", hour) for hour in WANTED}
    assert all("no room for it" in hour.causes["shop-2-door"] for hour in collected.failed)
    missing = gaps.open_gaps(warehouse).select("sensor_id", "hour_start", "cause")
    assert set(missing.rows()) == {("shop-2-door", hour, "store_failed") for hour in WANTED}
    assert run(
        warehouse, "SELECT count(*), count(body) FROM retail.device_replies WHERE sensor_id = 'shop-2-door'"
    ) == [(1, 1)]
    assert (collected.asked, collected.answered) == (3, 3)

    run(warehouse, ALLOW)
    assert poll(warehouse, NOW + HOUR).failed == []
    assert gaps.open_gaps(warehouse).is_empty()
    assert reads.raw_counts(warehouse, ["shop-2"], *sorted(WANTED)).height == 1


@pytest.mark.parametrize(
    ("spoil", "cause", "refused"),
    [
        pytest.param(lambda body: body.replace(b",5,", b",\x00,", 1), None, 1, id="in a figure"),
        pytest.param(lambda _: b"\x00login\x00", "not_a_report", 0, id="in place of a header"),
    ],
)
def test_a_nul_in_a_reply_spoils_its_row_and_no_other_store(warehouse: Warehouse, spoil, cause, refused) -> None:
    hours = [
        NOW.replace(hour=hour, minute=0, tzinfo=None) for hour in range(NOW.hour + 1)
    ]  # at noon the local day is asked
    collected = poll(warehouse, spoilt=spoil(report_of(hours)))

    assert {"shop-1", "shop-3"} <= {hour.store_id for hour in collected.delivered}
    assert collected.rejected_rows == refused
    assert [row for (row,) in run(warehouse, "SELECT row FROM retail.rejected_rows") if "\ufffd" not in row] == []
    assert set(gaps.open_gaps(warehouse)["cause"]) == ({cause} if cause else set())
