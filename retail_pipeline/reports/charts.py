"""The pictures of a day: Altair charts as SVG, legible on a phone and with colour-blindness, gaps shown as gaps."""

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import altair as alt
import polars as pl
import vl_convert

from retail_pipeline.reports.day import DayReport, HeatCell, ReportHour, ReportZone
from retail_pipeline.reports.palette import (
    BLUE,
    DEEP,
    FONT,
    GREEN,
    INK,
    LETTER_FILL,
    LETTER_INK,
    PALE,
    SOFT,
    VERMILION,
)
from retail_pipeline.reports.wording import Wording

WIDTH, HEIGHT = 420, 210
"""Of a whole picture, its axes included, so that the letters of all are of one size."""

_ROW, _AXIS, _LEGEND = 30, 30, 60
"""Heights of a row of a heat map, of the axis of hours and of a legend."""

Chart = alt.Chart | alt.LayerChart


def svg(chart: Chart, words: Wording, height: int = HEIGHT) -> str:
    """The chart as a self-contained SVG document, its figures as the locale writes them; asks no network."""
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    sized = chart.properties(width=WIDTH, height=height).configure(font=FONT, background="white", autosize=fit)
    sized = sized.configure_axis(
        labelFontSize=13, titleFontSize=13, titleFontWeight="normal", labelColor=INK, titleColor=INK
    ).configure_legend(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelColor=INK, titleColor=INK)
    specification = sized.configure_view(stroke=None).to_dict()
    return str(vl_convert.vegalite_to_svg(specification, format_locale=words.figures_of_charts))


def data_uri(picture: str) -> str:
    """An SVG as the address of an image, so that ids of several pictures on a page never meet."""
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


def entries_by_hour(day: DayReport, words: Wording) -> str:
    """Bars of measured entries, a tick for what is usual; a gap is a cross, with a dashed bar where it is estimated."""
    hours, clock = _hours(day, words)
    base = alt.Chart(hours).encode(x=clock)
    bars = base.mark_bar(color=BLUE).encode(y=alt.Y("entries:Q", title=words("entries"), axis=_whole()))
    estimate = base.mark_bar(filled=False, stroke=BLUE, strokeDash=[4, 3], strokeWidth=1.5).encode(y="imputed:Q")
    usual = (
        base.mark_tick(color=color, thickness=thickness, width=width, opacity=1).encode(y="usual:Q")
        for color, thickness, width in (("white", 6, 19), (VERMILION, 3, 16))
    )
    return svg(cast("Chart", alt.layer(bars, estimate, *usual) + _gaps(hours, clock)), words)


def occupancy_by_hour(day: DayReport, words: Wording) -> str:
    """Most people inside (line with points) and the mean (area, dashed edge) of complete hours; gaps break both."""
    hours, clock = _hours(day, words)
    base = alt.Chart(hours).encode(x=clock)
    edge = alt.OverlayMarkDef(color=GREEN, strokeDash=[3, 3], opacity=1)
    mean = base.mark_area(color=GREEN, opacity=0.35, line=edge).encode(y=alt.Y("mean:Q", title=words("people inside")))
    most = base.mark_line(color=GREEN, point=alt.OverlayMarkDef(color=GREEN, size=40)).encode(y="most:Q")
    return svg(cast("Chart", mean + most + _gaps(hours, clock)), words)


def capture_by_hour(day: DayReport, words: Wording) -> str:
    """Share of the people in front of the door who came in, per complete hour."""
    hours, clock = _hours(day, words)
    y = alt.Y("capture:Q", title=words("capture rate"), axis=alt.Axis(format="~%", tickCount=4))
    line = alt.Chart(hours).mark_line(color=BLUE, point=alt.OverlayMarkDef(color=BLUE, size=40)).encode(x=clock, y=y)
    return svg(cast("Chart", line + _gaps(hours, clock)), words)


def zones_by_hour(day: DayReport, words: Wording, figure: str) -> str:
    """A row of cells per zone: `figure` (`entries` or `stays`) by the hour; one that was not counted holds a cross."""
    labels = _labels(day, words)
    rows = [
        (zone.name, labels[hour.hour_start], float(value))
        for zone in day.zones
        for hour in zone.hours
        if (value := getattr(hour, figure)) is not None and hour.hour_start in labels
    ]
    cells = pl.DataFrame(rows, schema={"zone": pl.String, "hour": pl.String, figure: pl.Float64}, orient="row")
    names = [zone.name for zone in day.zones if getattr(zone, figure) is not None]
    ended = [labels[hour.hour_start] for hour in day.shown if hour.has_ended]
    every = pl.DataFrame([(name, hour) for name in names for hour in ended], schema=["zone", "hour"], orient="row")
    uncounted = every.cast(pl.String).join(cells, on=["zone", "hour"], how="anti")
    return _cells(cells, _clock(labels.values()), "zone", names, figure, words, uncounted)


def queue_by_hour(day: DayReport, queue: ReportZone, words: Wording) -> str:
    """Bars of the longest queue of each complete hour; what is above the store's limit has another colour and a `!`."""
    labels = _labels(day, words)
    clock = _clock(labels.values())
    rows = [
        (labels[hour.hour_start], hour.queue_length_max, bool(day.queue_limit and most > day.queue_limit))
        for hour in queue.hours
        if hour.hour_start in labels and (most := hour.queue_length_max) is not None
    ]
    schema = {"hour": pl.String, "most": pl.Float64, "is_long": pl.Boolean}
    told = pl.DataFrame(rows, schema=schema, orient="row", strict=False)
    ended = pl.DataFrame({"hour": [labels[hour.hour_start] for hour in day.shown if hour.has_ended]})
    bars = alt.Chart(told).encode(x=clock, y=alt.Y("most:Q", title=words("people in the queue"), axis=_whole()))
    long = alt.condition(alt.datum.is_long, alt.value(VERMILION), alt.value(BLUE))
    marks = bars.mark_text(text="!", fontSize=16, fontWeight="bold", color=INK, baseline="bottom")
    shown = bars.mark_bar().encode(color=long) + marks.transform_filter(alt.datum.is_long)
    if day.queue_limit:
        shown += alt.Chart().mark_rule(color=INK, strokeDash=[6, 4]).encode(y=alt.datum(day.queue_limit))
    gaps = ended.cast(pl.String).join(told, on="hour", how="anti")
    return svg(cast("Chart", shown + _crosses(gaps, clock)), words)


def week_heat_map(cells: Sequence[HeatCell], words: Wording) -> str:
    """Mean entries by weekday and hour, from the first to the last hour in which people come.

    A cell that nobody measured stays empty.
    """
    busy = [cell.local_hour for cell in cells if round(cell.entries)] or [cell.local_hour for cell in cells]
    shown = [cell for cell in cells if min(busy) <= cell.local_hour <= max(busy)]
    rows = [(words.weekday(cell.weekday), words.hour(cell.local_hour), cell.entries) for cell in shown]
    schema = {"weekday": pl.String, "hour": pl.String, "entries": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    weekdays = [words.weekday(number) for number in range(1, 8)]
    clock = _clock(sorted({words.hour(cell.local_hour) for cell in shown}))
    return _cells(frame, clock, "weekday", weekdays, "entries", words)


def quality_by_hour(day: DayReport, words: Wording) -> str:
    """A cell per hour with its quality letter; a dash where it is not known yet."""
    labels = _labels(day, words)
    rows = [
        (labels[hour.hour_start], hour.quality or "–", LETTER_FILL[hour.quality], LETTER_INK[hour.quality])
        for hour in day.shown
    ]
    schema = dict.fromkeys(("hour", "letter", "fill", "ink"), pl.String)
    base = alt.Chart(pl.DataFrame(rows, schema=schema, orient="row")).encode(x=_clock(labels.values()))
    fill, ink = (alt.Color(f"{name}:N", scale=None, legend=None) for name in ("fill", "ink"))
    cells = base.mark_rect(stroke=INK, strokeWidth=1).encode(color=fill)
    letters = base.mark_text(fontSize=13, fontWeight="bold").encode(text="letter:N", color=ink)
    return svg(cast("Chart", cells + letters), words, _ROW + _AXIS)


def _cells(
    frame: pl.DataFrame,
    clock: alt.X,
    rows: str,
    order: Sequence[str],
    figure: str,
    words: Wording,
    uncounted: pl.DataFrame | None = None,
) -> str:
    """`uncounted` names the cells that hold a cross."""
    scale = alt.Scale(range=[PALE, DEEP], interpolate="lab")
    legend = alt.Legend(orient="bottom", format=",d", tickMinStep=1, gradientLength=200)
    y = alt.Y(f"{rows}:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=130))
    color = alt.Color(f"{figure}:Q", scale=scale, title=words(figure), legend=legend)
    chart: Chart = alt.Chart(frame).mark_rect(stroke="white", strokeWidth=1).encode(x=clock, y=y, color=color)
    if uncounted is not None and uncounted.height:
        chart += alt.Chart(uncounted).mark_text(text="×", fontSize=18, color=SOFT).encode(x=clock, y=y)
    return svg(chart, words, _ROW * len(order) + _AXIS + _LEGEND)


def _clock(order: Iterable[str]) -> alt.X:
    """The axis of local hours, all of them and in this order."""
    hours = list(order)
    return alt.X(
        "hour:N",
        sort=hours,
        scale=alt.Scale(domain=hours),
        title=None,
        axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=4, labelExpr="split(datum.label, ':')[0]"),
    )


def _whole() -> alt.Axis:
    """People are counted: no half of one on the axis."""
    return alt.Axis(format="d", tickMinStep=1)


def _labels(day: DayReport, words: Wording) -> Mapping[Any, str]:
    """The clock hour of each shown hour by its start; one that comes again, when clocks go back, is told apart."""
    seen: Counter[int] = Counter()
    labels = {}
    for hour in day.shown:
        seen[hour.local_hour] += 1
        again = "" if seen[hour.local_hour] == 1 else "′"
        labels[hour.hour_start] = words.hour(hour.local_hour).replace(":", f"{again}:")
    return labels


def _hours(day: DayReport, words: Wording) -> tuple[pl.DataFrame, alt.X]:
    """The shown hours; measured figures of a gap are left out, and estimates of others."""
    labels = _labels(day, words)
    rows = [(labels[hour.hour_start], hour.usual, *_measured(hour), hour.is_gap) for hour in day.shown]
    figures = dict.fromkeys(("usual", "entries", "mean", "most", "capture", "imputed"), pl.Float64())
    schema = {"hour": pl.String(), **figures, "is_gap": pl.Boolean()}
    return pl.DataFrame(rows, schema=schema, orient="row", strict=False), _clock(labels.values())


def _measured(hour: ReportHour) -> tuple[float | None, ...]:
    if hour.is_gap:
        return (*(None,) * 4, hour.imputed)
    return (hour.entries, hour.occupancy_mean, hour.occupancy_max, hour.capture_rate, None)


def _gaps(hours: pl.DataFrame, clock: alt.X) -> Chart:
    """A cross on the axis for every gap: a missing bar alone would look like nobody."""
    return _crosses(hours.filter("is_gap"), clock)


def _crosses(hours: pl.DataFrame, clock: alt.X) -> Chart:
    mark = alt.Chart(hours).mark_text(text="×", fontSize=18, color=SOFT, baseline="bottom")
    return cast("Chart", mark.encode(x=clock, y=alt.datum(0)))
