"""Pages for everybody: a screen reader, colour-blindness, a phone, print, and a reader without a network."""

import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from retail_pipeline.reports import palette
from retail_pipeline_tests.reports.days import eventful_page
from retail_pipeline_tests.reports.html import Page
from retail_pipeline_tests.reports.weeks import organization_page

PAGES: dict[str, Callable[[], str]] = {
    "a day in English": lambda: eventful_page("en"),
    "a day in Portuguese": lambda: eventful_page("pt"),
    "an organization in English": lambda: organization_page("en"),
    "an organization in Portuguese": lambda: organization_page("pt"),
}


@pytest.fixture(params=PAGES)
def text(request: pytest.FixtureRequest) -> str:
    return PAGES[request.param]()


def test_the_page_names_its_language_and_itself(text: str) -> None:
    page = Page(text)
    [html] = page.all("html")
    assert html["lang"] in {"en", "pt"}
    assert len(page.all("title")) == len(page.all("main")) == len(page.all("header")) == len(page.all("footer")) == 1


def test_headings_are_in_order_and_none_is_skipped(text: str) -> None:
    levels = [int(tag[1]) for tag, _ in Page(text).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_picture_is_told_and_every_section_has_its_heading(text: str) -> None:
    page = Page(text)
    assert page.told
    assert all(len(one) > 5 for one in page.told)
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    labels = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert labels
    assert set(labels) <= ids
    assert all("aria-labelledby" in attributes for attributes in page.all("section"))


def test_every_heading_of_a_table_says_what_it_heads(text: str) -> None:
    page = Page(text)
    assert {attributes["scope"] for attributes in page.all("th")} == {"col", "row"}
    rows = re.findall(r"<tr.*?</tr>", text, re.DOTALL)
    assert rows
    assert all(row.count('scope="row"') == 1 or "<td" not in row for row in rows)
    widths = [[row.count("<td") + row.count("<th") for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)]
              for table in re.findall(r"<table.*?</table>", text, re.DOTALL)]  # fmt: skip
    assert all(len(set(cells)) == 1 for cells in widths)


def test_what_scrolls_sideways_is_reached_by_keyboard(text: str) -> None:
    scrolled = [one for one in Page(text).all("div") if one.get("class") == "scroll"]
    assert scrolled
    assert all(one["tabindex"] == "0" and one["role"] == "region" for one in scrolled)


def test_nothing_is_loaded_and_nothing_runs(text: str) -> None:
    page = Page(text)
    assert page.loads
    assert all(one.startswith("data:image/svg+xml;base64,") for one in page.loads)
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in page.tags}
    for part in (text, *page.pictures):
        assert not re.findall(r"""(?:href|src)=["']?(?:https?:)?//|url\((?!#)|@import""", part)
        assert set(re.findall(r"https?://[^\s\"'<]+", part)) <= {
            "http://www.w3.org/2000/svg",
            "http://www.w3.org/1999/xlink",
        }


def test_names_from_the_fleet_file_are_escaped_everywhere(text: str) -> None:
    assert "Shop &amp; &lt;Son&gt;" in text
    for part in (text, *Page(text).pictures):
        assert "<Son>" not in part
        assert "<show>" not in part


def test_it_fits_a_phone_and_paper(text: str) -> None:
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in Page(text).all("meta")
    assert "@media print" in text
    assert "@media (max-width" in text


def luminance(color: str) -> float:
    """Of WCAG 2: of a colour as #RRGGBB."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_is_that_of_the_definition() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_texts_stand_out_by_4_5_and_marks_by_3() -> None:
    for text, ground in ((palette.INK, "#ffffff"), (palette.SOFT, "#ffffff"), (palette.WARN, palette.WARN_BACK)):
        assert contrast(text, ground) >= 4.5
    assert all(contrast(mark, "#ffffff") >= 3 for mark in palette.MARKS)
    assert all(contrast(palette.LETTER_INK[one], fill) >= 4.5 for one, fill in palette.LETTER_FILL.items())
    assert contrast(palette.PALE, palette.DEEP) >= 3


def test_pages_and_pictures_use_no_other_colours(text: str) -> None:
    page = Page(text)
    used = {one.upper() for part in (text, *page.pictures) for one in re.findall(r"#[0-9a-fA-F]{6}\b", part)}
    assert used <= {
        one.upper()
        for one in (
            *palette.MARKS,
            *palette.LETTER_FILL.values(),
            *palette.LETTER_INK.values(),
            *(palette.INK, palette.SOFT, palette.LINE, palette.WARN, palette.WARN_BACK, "#ffffff"),
        )
    }


def test_only_the_fill_of_an_area_that_has_an_edge_is_paled(text: str) -> None:
    for picture in Page(text).pictures:
        paled = re.findall(r"""<\w+ [^>]*opacity="0\.\d+"[^>]*>""", picture)
        assert all('aria-roledescription="area mark"' in one for one in paled)
