"""The page of a day: its figures and their words, and gaps as gaps in every part of it."""

from retail_pipeline.reports.page import day_page
from retail_pipeline.reports.pictures import entries_picture, pictures
from retail_pipeline.reports.wording import Wording
from retail_pipeline_tests.reports.days import day, eventful_day, eventful_page, hour, zone
from retail_pipeline_tests.reports.html import Page

ENGLISH = Wording("en")


def test_every_picture_is_told_in_words() -> None:
    page = Page(day_page(day(hour(10, 12), hour(11, 0, completeness=0.0))))
    assert all(page.told)
    assert page.told[0] == "10:00 12, 11:00 gap"


def test_a_gap_is_a_cross_and_a_word_but_no_bar_and_no_zero() -> None:
    told = day(hour(10, 12), hour(11, 3, completeness=0.5, cause="unreachable", occupancy_max=1))
    entries = entries_picture(told, ENGLISH).picture
    assert entries.count('aria-roledescription="bar"') == 1
    assert ">×<" in entries
    text = day_page(told)
    assert "<li>11:00: the device did not answer</li>" in text
    assert '<tr class="gap"><th scope="row">11:00</th><td>gap</td>' in text


def test_an_estimate_is_a_dashed_bar_and_marked_and_no_part_of_what_was_measured() -> None:
    told = day(hour(10, 12), hour(11, None, completeness=0.0, imputed=14.2, quality="D"))
    entries = entries_picture(told, ENGLISH).picture
    assert entries.count('aria-roledescription="bar"') == 2
    assert entries.count('stroke-dasharray="4,3"') == 1
    text = day_page(told)
    assert "<td>gap · ≈ 14</td>" in text
    assert "<li>11:00: estimated 14</li>" in text


def test_gaps_of_a_cause_are_told_as_spans_and_an_unknown_cause_as_it_is() -> None:
    gaps = [hour(n, None, completeness=0.0, cause="device_off") for n in (10, 11, 14)]
    page = Page(day_page(day(*gaps, hour(16, None, completeness=0.0, cause="moles"), hour(17, None, completeness=0.0))))
    assert "10:00–12:00, 14:00: the device had no power" in page.texts
    assert {"16:00: moles", "17:00: cause unknown"} <= set(page.texts)


def test_the_quality_letter_stands_with_its_meaning_and_on_each_hour() -> None:
    page = Page(eventful_page())
    assert (
        "Quality X: not usable: hours are missing and cannot be estimated. 85 % of the hours are complete."
        in page.texts
    )
    assert page.told[-1].startswith("10:00 A, 11:00 A, 12:00 C, 13:00 X, 14:00 A")
    letters = [text for text in Page(page.pictures[-1]).texts if text in set("ABCDX")]
    assert letters == list("AACXAAAAAB")


def test_a_day_that_has_no_letter_yet_says_so() -> None:
    assert "Quality –: not known yet." in day_page(day(quality=None))


def test_queues_are_told_with_wait_and_limit_and_stays_apart_from_entries() -> None:
    page = Page(eventful_page())
    assert (
        "Checkout, 17:00: 9 people waited, where 2 are the limit; the wait was 12.5 minutes, where 8 are the limit"
        in (page.texts)
    )
    assert "Checkout, 18:00: 4 people waited, where 2 are the limit" in page.texts
    titles = [one.title for one in pictures(eventful_day(), ENGLISH)]
    assert titles[3:6] == ["Queue: Checkout", "Entries of zones", "Stays in zones"]
    assert "<td>21</td><td>44</td><td>1.2</td><td>9</td><td>9</td><td>6.4</td><td>80 %</td>" in eventful_page()
    assert "<td>–</td><td>80</td><td>≈ 3.3</td><td>–</td>" in eventful_page()


def test_a_queue_above_the_limit_is_marked_by_more_than_its_colour() -> None:
    queue = pictures(day(queue_limit=2, zones=(zone(queue_length_max=3),)), ENGLISH)[2]
    assert queue.told.startswith("10:00 2, 11:00 3, 12:00 gap")
    assert queue.picture.count(">!<") == 1


def test_a_queue_and_a_zone_have_gaps_of_their_own() -> None:
    lost_at_the_door = hour(11, None, completeness=0.0)
    shown = pictures(day(hour(10), lost_at_the_door, hour(12), zones=(zone(queue_length_max=3),)), ENGLISH)
    queue, entries = shown[2], shown[3]
    assert queue.told == "10:00 2, 11:00 3, 12:00 gap"
    assert (queue.picture.count('aria-roledescription="bar"'), queue.picture.count(">×<")) == (2, 1)
    assert (entries.title, entries.picture.count(">×<")) == ("Entries of zones", 1)


def test_no_hour_between_two_that_are_shown_is_left_out() -> None:
    closed = [hour(n, 0, is_open=False) for n in (11, 12)]
    told = day(hour(9, 0, is_open=False), hour(10, 12), *closed, hour(13, 1, is_open=False), hour(14, 0, is_open=False))
    assert entries_picture(told, ENGLISH).told == "10:00 12, 11:00 0, 12:00 0, 13:00 1"


def test_when_it_was_made_stands_on_the_clock_of_the_store() -> None:
    assert "Made on November 21, 2026, 08:00 from the figures known then." in Page(day_page(day())).texts
    assert "Feito em 21 de novembro de 2026, 03:00" in day_page(day(language="pt", timezone="America/New_York"))


def test_the_language_of_the_store_is_that_of_the_page() -> None:
    text = day_page(day(language="pt", passers_by=5582, capture_rate=0.0164))
    assert "Entradas por hora" in text
    assert "5.582 passaram" in text
    assert "1,6 %" in text


def test_what_was_not_measured_is_left_out() -> None:
    text = day_page(day(zones=(), week=(), occupancy_max=None, peak_hour=None, peak_hour_entries=None))
    assert "capture rate" not in text.split("Hour by hour")[0]
    assert "Zones" not in text
    assert "The week" not in text


def test_the_hour_that_comes_twice_is_drawn_twice() -> None:
    twice = [hour(1, 5), hour(1, 7, hour_start=hour(2).hour_start)]
    assert entries_picture(day(*twice), ENGLISH).picture.count('aria-roledescription="bar"') == 2


def test_columns_and_words_are_those_of_what_the_shop_counts() -> None:
    text = day_page(day())
    assert text.split("Hour by hour")[1].count('<th scope="col">') == 5
    assert eventful_page().split("Hour by hour")[1].count('<th scope="col">') == 7
    assert "Entries are crossings into the zone." in text
    assert "Stays are what" not in text
    assert "≈: estimated" not in text
    everything = Page(eventful_page()).texts
    assert any(one.endswith("neither people nor entries. ≈: estimated from stays.") for one in everything)
