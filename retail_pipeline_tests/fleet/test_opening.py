"""Opening hours are read as people write them."""

import pytest

from retail_pipeline.fleet.opening import OpeningHours, OpenSpan, parse_opening_hours, parse_spans

LATE = OpenSpan(start_minute=18 * 60, end_minute=26 * 60)
DAY = OpenSpan(start_minute=600, end_minute=1320)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("10:00-22:00", (DAY,)),
        (
            "9:30-13:00, 15:00-20:00",
            (OpenSpan(start_minute=570, end_minute=780), OpenSpan(start_minute=900, end_minute=1200)),
        ),
        ("18:00-02:00", (LATE,)),
        ("00:00-24:00", (OpenSpan(start_minute=0, end_minute=1440),)),
        ("Closed", ()),
    ],
)
def test_spans_are_minutes_after_midnight(text: str, spans: tuple[OpenSpan, ...]) -> None:
    assert parse_spans(text) == spans


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10-22", "are written 10:00-22:00 or closed"),
        ("", "are written"),
        ("10:00", "are written"),
        ("25:00-26:00", "does not exist"),
        ("10:60-22:00", "does not exist"),
        ("10:00-24:30", "does not exist"),
        ("10:00-14:00, 13:00-18:00", "overlap"),
        ("15:00-18:00, 10:00-12:00", "not in order"),
    ],
)
def test_other_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_spans(text)


def test_a_week_may_wrap_and_the_later_line_stands() -> None:
    hours = parse_opening_hours({"sat-mon": "10:00-22:00", "sun": "closed", "holidays": "18:00-02:00"})
    assert [bool(hours.on(day)) for day in range(7)] == [True, False, False, False, False, True, False]
    assert hours.holidays == (LATE,)


def test_days_that_are_not_named_are_closed() -> None:
    assert parse_opening_hours({}) == OpeningHours()


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ValueError, match=r"not 'lun'.*not '10-22'"):
        parse_opening_hours({"lun": "10:00-22:00", "tue": "10-22"})
