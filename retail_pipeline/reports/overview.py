"""The overview of an organization as one HTML file: its stores ranked like for like, and why some are not."""

import datetime as dt
from typing import cast

import altair as alt
import polars as pl

from retail_pipeline.frames import like_for_like
from retail_pipeline.reports.charts import Chart, svg
from retail_pipeline.reports.organization import OrganizationReport, StoreWeek
from retail_pipeline.reports.page import Figure, render
from retail_pipeline.reports.palette import BLUE, INK, VERMILION
from retail_pipeline.reports.pictures import Picture
from retail_pipeline.reports.wording import Wording, said

REASONS = {
    like_for_like.NOT_MEASURED: said("no day of this week was measured whole"),
    like_for_like.NOT_MEASURED_BEFORE: said("no day of the week before was measured whole"),
    like_for_like.NO_PAIR: said("no weekday was measured whole in both weeks"),
    like_for_like.NOBODY: said("nobody came in the week before"),
}
_ROW, _AXIS = 28, 40


def overview_page(report: OrganizationReport) -> str:
    """The page in the organization's language. Every text that came from a file is escaped."""
    words = Wording(report.language)
    return render(
        "organization.html.j2",
        words,
        report=report,
        weeks=_weeks(report.trading_day, words),
        figures=key_figures(report, words),
        picture=ranking_picture(report, words) if report.ranked else None,
        apart=stores_apart(report, words),
        made_at=f"{words.moment(report.made_at.astimezone(dt.UTC))} UTC",
    )


def key_figures(report: OrganizationReport, words: Wording) -> list[Figure]:
    """The organization in a few numbers, of the stores and days that are compared."""
    before = words("{entries} in the week before", entries=words.number(report.entries_before))
    figures = [
        Figure(words("stores compared"), f"{len(report.ranked)} / {len(report.stores)}"),
        Figure(words("entries, like for like"), words.number(report.entries if report.ranked else None), before),
        Figure(words("change, like for like"), words.change(report.change)),
    ]
    if report.ranked:
        best, last = report.ranked[0], report.ranked[-1]
        figures.append(Figure(words("best"), words.change(best.change), best.store_name))
        figures.append(Figure(words("last"), words.change(last.change), last.store_name))
    return figures


def stores_apart(report: OrganizationReport, words: Wording) -> list[str]:
    """The stores that are not compared, each with its reason."""
    return [f"{store.store_name}: {words(REASONS[store.reason or ''])}" for store in report.apart]


def ranking_picture(report: OrganizationReport, words: Wording) -> Picture:
    """A bar per store that is compared, best first: how its entries changed."""
    told = ", ".join(f"{store.rank}. {store.store_name} {words.change(store.change)}" for store in report.ranked)
    caption = words("Change of entries against the week before, on the weekdays that both weeks measured whole.")
    return Picture(words("Stores like for like"), svg(*_ranking(report.ranked, words)), told, caption)


def _ranking(stores: list[StoreWeek], words: Wording) -> tuple[Chart, Wording, int]:
    # The rank keeps two stores of one name apart.
    names = [f"{store.rank}. {store.store_name}" for store in stores]
    rows = [(name, store.change, words.change(store.change)) for name, store in zip(names, stores, strict=True)]
    schema = {"store": pl.String, "change": pl.Float64, "label": pl.String}
    base = alt.Chart(pl.DataFrame(rows, schema=schema, orient="row")).encode(
        y=alt.Y("store:N", sort=names, title=None, axis=alt.Axis(labelLimit=170)),
        x=alt.X(
            "change:Q", title=words("change"), axis=alt.Axis(format="~%", tickCount=5), scale=alt.Scale(padding=44)
        ),
    )
    below, above = alt.datum.change < 0, alt.datum.change >= 0
    color = alt.condition(below, alt.value(VERMILION), alt.value(BLUE))
    label = base.encode(text="label:N")
    labels = [
        label.mark_text(align="right", dx=-4, fontSize=12, color=INK).transform_filter(below),
        label.mark_text(align="left", dx=4, fontSize=12, color=INK).transform_filter(above),
    ]
    return cast("Chart", alt.layer(base.mark_bar().encode(color=color), *labels)), words, _ROW * len(stores) + _AXIS


def _weeks(last_day: dt.date, words: Wording) -> str:
    first = last_day - dt.timedelta(days=6)
    return words("{first} to {last}, against the seven days before", first=words.date(first), last=words.date(last_day))
