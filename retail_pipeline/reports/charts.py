"""The pictures of a report: Altair charts as SVG, legible on a phone and with colour-blindness, gaps shown as gaps."""

import base64
from collections.abc import Sequence
from typing import cast

import altair as alt
import polars as pl
import vl_convert

from retail_pipeline.reports.day import DayReport, HeatCell, ReportHour
from retail_pipeline.reports.wording import Wording

# Okabe and Ito's palette, told apart with every kind of colour-blindness.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#666666"
WIDTH, HEIGHT = 420, 200
_FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"


Chart = alt.Chart | alt.LayerChart


def svg(chart: Chart) -> str:
    """The chart as a self-contained SVG document; asks no network."""
    sized = chart.properties(width=WIDTH, height=HEIGHT).configure(font=_FONT, background="white")
    return str(vl_convert.vegalite_to_svg(sized.configure_axis(labelFontSize=13, titleFontSize=13).to_dict()))


def data_uri(picture: str) -> str:
    """An SVG as the address of an image, so that ids of several pictures on a page never meet."""
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


def entries_by_hour(day: DayReport, words: Wording) -> Chart:
    """Bars of measured entries, a tick for what is usual, a cross where an hour is a gap."""
    hours = _hours(day, words)
    base = alt.Chart(hours).encode(x=_clock())
    bars = base.mark_bar(color=BLUE).encode(y=alt.Y("entries:Q", title=words("entries")))
    usual = base.mark_tick(color=ORANGE, thickness=3, width=16).encode(y="usual:Q")
    return cast("Chart", bars + usual + _gaps(hours))


def occupancy_by_hour(day: DayReport, words: Wording) -> Chart:
    """Most people inside (line) and the mean (area) of each complete hour; the line breaks at a gap."""
    hours = _hours(day, words)
    base = alt.Chart(hours).encode(x=_clock())
    mean = base.mark_area(color=GREEN, opacity=0.35).encode(y=alt.Y("mean:Q", title=words("people inside")))
    most = base.mark_line(color=GREEN, point=True).encode(y="most:Q")
    return cast("Chart", mean + most + _gaps(hours))


def capture_by_hour(day: DayReport, words: Wording) -> Chart:
    """Share of the people in front of the door who came in, per complete hour."""
    hours = _hours(day, words)
    y = alt.Y("capture:Q", title=words("capture rate"), axis=alt.Axis(format="%"))
    line = alt.Chart(hours).mark_line(color=BLUE, point=True).encode(x=_clock(), y=y)
    return cast("Chart", line + _gaps(hours))


def week_heat_map(cells: Sequence[HeatCell], words: Wording) -> Chart:
    """Mean entries by weekday and hour; a cell that nobody measured stays empty."""
    rows = [(words.weekday(cell.weekday), words.hour(cell.local_hour), cell.entries) for cell in cells]
    schema = {"weekday": pl.String(), "hour": pl.String(), "entries": pl.Float64()}
    weekdays = [words.weekday(number) for number in range(1, 8)]
    chart = (
        alt.Chart(pl.DataFrame(rows, schema=schema, orient="row"))
        .mark_rect()
        .encode(
            x=_clock(sorted({words.hour(cell.local_hour) for cell in cells})),
            y=alt.Y("weekday:N", sort=weekdays, title=None),
            color=alt.Color("entries:Q", scale=alt.Scale(scheme="viridis", reverse=True), title=words("entries")),
        )
    )
    return cast("Chart", chart)


def _clock(order: Sequence[str] | None = None) -> alt.X:
    """The axis of local hours, in the order of the rows unless another is given."""
    return alt.X("hour:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True))


def _hours(day: DayReport, words: Wording) -> pl.DataFrame:
    """Open hours, and others in which somebody came; measured figures of a gap are left out."""
    shown = [hour for hour in day.hours if hour.is_open or hour.entries]
    rows = [(words.hour(hour.local_hour), hour.usual, *_measured(hour), hour.is_gap) for hour in shown]
    figures = dict.fromkeys(("usual", "entries", "mean", "most", "capture"), pl.Float64())
    schema = {"hour": pl.String(), **figures, "is_gap": pl.Boolean()}
    return pl.DataFrame(rows, schema=schema, orient="row", strict=False)


def _measured(hour: ReportHour) -> tuple[float | None, ...]:
    if hour.is_gap:
        return (None,) * 4
    return (hour.entries, hour.occupancy_mean, hour.occupancy_max, hour.capture_rate)


def _gaps(hours: pl.DataFrame) -> Chart:
    """A cross on the axis for every gap: a missing bar alone would look like nobody."""
    mark = alt.Chart(hours.filter("is_gap")).mark_text(text="×", fontSize=18, color=GREY, baseline="bottom")
    return cast("Chart", mark.encode(x=_clock(), y=alt.datum(0)))
