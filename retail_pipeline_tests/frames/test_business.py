import polars as pl

from retail_pipeline.frames.business import business_spans, keeps_hours
from retail_pipeline.frames.spans import is_within, minutes_within
from retail_pipeline_tests.shops import fleet_of, shop, store_of, utc


def test_spans_that_touch_become_one() -> None:
    store = store_of(opening_hours={"mon-sun": "00:00-24:00"})
    spans = business_spans([store], utc("2026-07-18 00:00"), utc("2026-07-19 00:00"))
    assert spans.height == 1


def test_stores_with_the_same_hours_share_their_spans_and_others_do_not() -> None:
    fleet = fleet_of(shop("one"), shop("two"), shop("three", exceptions={"2026-07-18": "closed"}))
    spans = business_spans(fleet.stores, utc("2026-07-18 00:00"), utc("2026-07-19 00:00"))
    on_the_day = spans.filter(pl.col("span_start").dt.date() == utc("2026-07-18 00:00").date())
    assert on_the_day.rows() == [(name, utc("2026-07-18 10:00"), utc("2026-07-18 20:00")) for name in ("one", "two")]


def test_a_store_keeps_hours_when_it_declares_any() -> None:
    assert keeps_hours(store_of())
    assert keeps_hours(store_of(opening_hours={}, exceptions={"2026-12-24": "10:00-12:00"}))
    assert not keeps_hours(store_of(opening_hours={}))


def test_minutes_within_spans_are_told_in_the_order_of_the_rows() -> None:
    spans = pl.DataFrame(
        {
            "key": ["a", "a", "b"],
            "span_start": [utc("2026-07-18 10:00"), utc("2026-07-18 12:00"), utc("2026-07-18 00:00")],
            "span_end": [utc("2026-07-18 11:00"), utc("2026-07-18 13:00"), utc("2026-07-19 00:00")],
        }
    )
    rows = pl.DataFrame(
        {
            "key": ["b", "a", "c", "a"],
            "start": [
                utc("2026-07-18 23:30"),
                utc("2026-07-18 10:30"),
                utc("2026-07-18 10:00"),
                utc("2026-07-18 09:00"),
            ],
            "end": [utc("2026-07-19 00:30"), utc("2026-07-18 12:15"), utc("2026-07-18 11:00"), utc("2026-07-18 09:30")],
        }
    )
    assert minutes_within(rows, spans, "key", "start", "end").to_list() == [30.0, 45.0, 0.0, 0.0]
    assert is_within(rows, spans, "key", "start").to_list() == [True, True, False, False]
    assert is_within(rows, spans, "key", "end").to_list() == [False, True, False, False]
