"""The page of a day: whole in itself, escaped, told to those who can't see it, gaps as gaps."""

import base64
import re
from html.parser import HTMLParser

from retail_pipeline.reports.page import day_page, pictures
from retail_pipeline.reports.wording import Wording
from retail_pipeline_tests.reports.days import day, hour


class Page(HTMLParser):
    """What a browser would load, and the images with what is told of them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        told = dict(attrs)
        self.loads += [value for name, value in attrs if name in {"src", "href", "data"} and value]
        if tag == "img":
            self.images.append(told)


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = Page(day_page(day()))
    assert "script" not in page.tags
    assert page.loads
    assert all(one.startswith("data:image/svg+xml;base64,") for one in page.loads)
    for one in page.loads:
        svg = base64.b64decode(one.partition(",")[2]).decode()
        assert svg.startswith("<svg")
        assert not re.findall(r"""(?:href|src)=["']https?://""", svg)


def test_names_from_the_fleet_file_are_escaped() -> None:
    text = day_page(day())
    assert "Shop &amp; &lt;Son&gt;" in text
    assert "<Son>" not in text


def test_every_picture_is_told_in_words() -> None:
    page = Page(day_page(day(hour(10, 12), hour(11, 0, completeness=0.0))))
    assert all(image["alt"] for image in page.images)
    assert page.images[0]["alt"] == "10:00 12, 11:00 gap"


def test_a_gap_is_a_cross_and_a_word_but_no_bar_and_no_zero() -> None:
    told = day(hour(10, 12), hour(11, 3, completeness=0.5, cause="unreachable", occupancy_max=1))
    entries = pictures(told, Wording("en"))[0].picture
    assert entries.count('aria-roledescription="bar"') == 1
    assert ">×<" in entries
    text = day_page(told)
    assert "Gaps: 11:00 (unreachable)" in text
    assert '<tr class="gap"><th scope="row">11:00</th><td>gap</td>' in text


def test_the_language_of_the_store_is_that_of_the_page() -> None:
    text = day_page(day(language="pt", passers_by=5582, capture_rate=0.0164))
    assert '<html lang="pt">' in text
    assert "Entradas por hora" in text
    assert "5.582 passaram" in text
    assert "1,6 %" in text


def test_what_was_not_measured_is_left_out() -> None:
    text = day_page(day(zones=(), week=(), occupancy_max=None, peak_hour=None, peak_hour_entries=None))
    assert "capture rate" not in text.split("Hour by hour")[0]
    assert "Zones" not in text
    assert "The week" not in text
