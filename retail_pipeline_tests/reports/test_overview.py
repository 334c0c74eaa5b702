"""The overview of an organization: stores against themselves, the best first, and those apart with the reason."""

import dataclasses

from retail_pipeline.frames import like_for_like
from retail_pipeline.reports.overview import REASONS, key_figures, overview_page, ranking_picture
from retail_pipeline.reports.wording import Wording
from retail_pipeline_tests.reports.html import Page
from retail_pipeline_tests.reports.weeks import organization, organization_page

ENGLISH = Wording("en")


def test_stores_are_ranked_with_what_was_compared() -> None:
    text = organization_page()
    assert (
        '<th scope="row">Shop &amp; &lt;Son&gt;</th><td>1</td><td>+50 %</td><td>1,500</td><td>1,000</td><td>7 / 7</td>'
        in text
    )
    ranking = text.split("The ranking")[1]
    assert ranking.index("+50 %") < ranking.index("−10 %") < ranking.index("−20 %")
    assert ranking_picture(organization(), ENGLISH).told.startswith("1. Shop & <Son> +50 %, 2. Window")


def test_stores_that_cannot_be_compared_stand_apart_with_the_reason_and_their_day() -> None:
    texts = Page(organization_page()).texts
    assert "Checkout: no day of the week before was measured whole" in texts
    assert "Acme: no day of this week was measured whole" in texts
    assert organization_page().count('<th scope="row">Checkout</th>') == 1


def test_the_organization_s_change_is_that_of_the_sums_and_not_a_mean() -> None:
    figures = {one.label: one.value for one in key_figures(organization(), ENGLISH)}
    assert figures["stores compared"] == "3 / 5"
    assert (figures["entries, like for like"], figures["change, like for like"]) == ("3,200", "+7 %")


def test_two_stores_of_one_name_are_two_bars() -> None:
    assert ranking_picture(organization(), ENGLISH).picture.count('aria-roledescription="bar"') == 3


def test_nothing_to_compare_makes_no_picture_and_says_why() -> None:
    report = dataclasses.replace(organization(), stores=tuple(organization().apart))
    page = Page(overview_page(report))
    assert page.told == []
    assert "Not compared" in page.texts
    assert {"0 / 2", "–"} <= set(page.texts)


def test_every_reason_has_its_words() -> None:
    names = ("NOT_MEASURED", "NOT_MEASURED_BEFORE", "NO_PAIR", "NOBODY")
    assert {getattr(like_for_like, name) for name in names} == set(REASONS)
