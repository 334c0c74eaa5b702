import datetime as dt

import polars as pl
from polars.testing import assert_frame_equal

from retail_pipeline.fleet.models import Report
from retail_pipeline.frames.expected import expected_hours, missing_hours, present_hours
from retail_pipeline.frames.schemas import REGIONAL_COUNTS
from retail_pipeline_tests.frames.rows import COLLECTED, DAY, hours_of, raw, row
from retail_pipeline_tests.shops import door, store_of, utc

AS_OF = utc("2026-07-18 02:30")


def test_every_report_of_an_active_device_is_expected_once_an_hour_has_ended() -> None:
    store = store_of(sensors=[door("d", reports=["lines", "regions"], retention_days=7), door("gone", active=False)])
    expected = expected_hours([store], hours_of(store), AS_OF)
    assert expected.select("sensor_id", "report", "hour_start").rows() == [
        ("d", report, utc(f"2026-07-18 {hour}")) for report in ("lines", "regions") for hour in ("00:00", "01:00")
    ]
    first = expected.row(0, named=True)
    assert (first["store_id"], first["organization_id"]) == ("shop-1", "acme")
    assert first["deadline"] == utc("2026-07-25 01:00")


def test_nothing_is_expected_before_a_store_is_live() -> None:
    store = store_of(live_since="2026-07-18")
    hours = hours_of(store, DAY - dt.timedelta(days=1), DAY)
    expected = expected_hours([store], hours, AS_OF)
    assert expected["hour_start"].min() == utc("2026-07-18 00:00")


def test_what_the_device_has_forgotten_is_no_longer_expected() -> None:
    store = store_of(sensors=[door("d", retention_days=1)])
    hours = hours_of(store, DAY - dt.timedelta(days=2), DAY)
    expected = expected_hours([store], hours, AS_OF)
    assert expected["hour_start"].min() == utc("2026-07-17 02:00")
    assert expected.height == 24


def test_missing_is_what_no_complete_rows_fill() -> None:
    store = store_of()
    hours = hours_of(store)
    expected = expected_hours([store], hours, utc("2026-07-18 04:00"))
    rows = raw(
        row("00:00"),
        row("01:00", is_complete=False),
        row("02:00", minutes=30),
        row("03:00", minutes=30),
        row("03:30", minutes=30),
    )
    missing = missing_hours(expected, present_hours(rows, hours, Report.LINES))
    assert missing["hour_start"].to_list() == [utc("2026-07-18 01:00"), utc("2026-07-18 02:00")]
    assert missing.columns == expected.columns


def test_the_region_report_is_present_by_its_own_rows() -> None:
    store = store_of(sensors=[door("d", reports=["lines", "regions"])])
    hours = hours_of(store)
    stays = {
        "sensor_id": "d",
        "store_id": "shop-1",
        "interval_start": utc("2026-07-18 00:00"),
        "interval_end": utc("2026-07-18 01:00"),
        "region1": 4,
        "is_complete": True,
        "collected_at": COLLECTED,
    }
    present = present_hours(pl.DataFrame([stays], schema=REGIONAL_COUNTS), hours, Report.REGIONS)
    missing = missing_hours(expected_hours([store], hours, utc("2026-07-18 01:00")), present)
    assert missing.select("report", "hour_start").rows() == [("lines", utc("2026-07-18 00:00"))]


def test_nothing_expected_is_nothing_missing() -> None:
    store = store_of(sensors=[door("d", active=False)])
    expected = expected_hours([store], hours_of(store), AS_OF)
    assert_frame_equal(missing_hours(expected, present_hours(raw(), hours_of(store), Report.LINES)), expected)
