"""An explanation as a person reads it: the figure first, then what it rests on, down to the replies."""

import datetime as dt
from collections.abc import Iterator
from itertools import groupby
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from retail_pipeline.steps.explain.document import Explanation, Figure, Input, SourceReply
from retail_pipeline.steps.explain.question import HEAT, STAFF
from retail_pipeline.steps.explain.working import number

SHOWN_ROWS = 48
SHOWN_TERMS = 30
_LETTERS = {"A": "bold green", "B": "green", "C": "yellow", "D": "yellow", "X": "bold red"}
_STATES = {"open": "bold red", "lost": "yellow", "recovered": "green"}


def page(told: Explanation) -> Group:
    """Everything that is known, for a terminal of any width; many rows are added up by the line."""
    return Group(*(part for block in _blocks(told) for part in (block, Text())))


def _blocks(told: Explanation) -> Iterator[RenderableType]:
    yield _head(told)
    if len(told.figures) == 1:
        yield from _one_figure(told, told.figures[0])
    elif told.missing_because is None:
        yield _all_figures(told)
    if told.estimate is not None:
        yield _estimate(told)
    if told.gaps:
        yield _gaps(told)
    if rows := _shown_inputs(told):
        yield _inputs(told, rows)
    if replies := _shown_replies(told, rows):
        yield _replies(told, replies)
    if any(one.earlier for one in told.figures):
        yield _earlier(told)
    if told.revised_counts:
        yield _revised(told)
    if len(told.figures) > 1 and told.missing_because is None:
        yield Text("--metric NAME defines a figure and shows what it alone rests on; --json holds everything.", "dim")


def _head(told: Explanation) -> Text:
    head = Text(told.store_name, style="bold").append(f" ({told.store_id})", style="dim")
    if told.zone is not None:
        head.append(f", zone {told.zone}")
    if told.way is not None:
        head.append(f", {told.way.replace(':', ' > ')}")
    if told.device is not None:
        head.append(f", device {told.device}")
    head.append(f"\n{_period(told)}\n")
    if told.missing_because is not None:
        return head.append("no figures  ", style="bold red").append(told.missing_because)
    if told.is_complete is not None:
        head.append(*(("complete", "green") if told.is_complete else ("provisional", "yellow"))).append("  ")
    head.append(told.quality_because, style=_LETTERS.get(told.quality or "", ""))
    version = "" if told.input_version is None else f" from counts up to {_local(told, told.input_version)}"
    origin = f"derived by run {told.run_id}" if told.run_id else f"as it stands in {told.figures[0].source}"
    head.append(f"\n{origin}{version}", style="dim")
    return head.append("".join(f"\n{one}" for one in told.removed), style="yellow")


def _period(told: Explanation) -> str:
    if told.period == "day":
        return f"trading day {told.trading_day:%A %Y-%m-%d}: {_local(told, told.start)} to {_local(told, told.end)}"
    start, end = (at.astimezone(ZoneInfo(told.timezone)) for at in (told.start, told.end))
    return f"{start:%A %Y-%m-%d, %H:%M} to {end:%H:%M} {_zone(start, told)} = {told.start:%Y-%m-%dT%H:%MZ}"


def _one_figure(told: Explanation, figure: Figure) -> Iterator[RenderableType]:
    value = Text(figure.metric, style="bold").append(" = ").append(_shown(told, figure.value), style="bold cyan")
    value.append(f"  {figure.unit}{f', {figure.range}' if figure.range else ''}", style="dim")
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("means", Text(figure.formula))
    if figure.missing_because is not None:
        facts.add_row("missing", Text(figure.missing_because, style="yellow"))
    if figure.working:
        facts.add_row("here", Text(figure.working, style="cyan"))
    facts.add_row("from", Text(f"{figure.source} ({figure.version})"))
    facts.add_row("checked", _checked(told, figure))
    yield Group(value, Padding(facts, (0, 0, 0, 2)))
    if figure.terms:
        yield _terms(told, figure)


def _checked(told: Explanation, figure: Figure) -> Text:
    if figure.is_current is None:
        if figure.computed_again is not None:
            again = f"computed again just now: {_shown(told, figure.computed_again)}; it stays as the day began"
            return Text(again, style="dim")
        is_gone = told.removed and figure.value is not None
        return Text("nothing to compute it from" if is_gone else "not derived: nothing to compare with", style="dim")
    if figure.is_current:
        return Text("computed again just now from the rows below: the same", style="green")
    again = f"computed again just now: {_shown(told, figure.computed_again)}; the next derivation writes it"
    return Text(again, style="yellow")


def _terms(told: Explanation, figure: Figure) -> Table:
    table = _table("made of", "what", "value", "when")
    for one in figure.terms[:SHOWN_TERMS]:
        when = _local(told, one.at) if one.at else str(one.day or "")
        table.add_row(one.name, _shown(told, one.value), when)
    if (more := len(figure.terms) - SHOWN_TERMS) > 0:
        table.add_row(f"and {more} more, with --json all of them")
    table.columns[1].justify = "right"
    return table


def _all_figures(told: Explanation) -> Table:
    table = _table("figures", "figure", "value", "unit", "how it comes about", "checked")
    for one in told.figures:
        how = Text(one.working) if one.value is not None else Text(f"where {one.null_when}", style="dim")
        checked = Text("=", style="green") if one.is_current else Text("due", style="yellow")
        table.add_row(one.metric, _shown(told, one.value), one.unit, how, checked if one.is_current is not None else "")
    table.columns[1].justify = "right"
    table.columns[0].overflow = "ellipsis"
    return table


def _estimate(told: Explanation) -> Text:
    one = told.estimate
    assert one is not None  # noqa: S101 - asked by the caller
    off = "never tested here" if one.wape is None else f"off by {one.wape:.0%} of the entries when tested on this store"
    hours = ", ".join(number(term.value) for term in one.made_from)
    text = Text("estimated  ", style="yellow")
    return text.append(f"{number(one.entries)} entries, {number(one.exits)} exits ({one.method}: {hours}); {off}")


def _gaps(told: Explanation) -> Table:
    table = _table("gaps", "device", "report", "hour", "state", "cause", "detail", "forgotten from")
    for one in told.gaps[:SHOWN_TERMS]:
        state = Text(one.state, style=_STATES[one.state])
        hour, deadline = _local(told, one.hour_start), _local(told, one.deadline)
        table.add_row(one.sensor_id, one.report, hour, state, one.cause, Text(one.detail or ""), deadline)
    if (more := len(told.gaps) - SHOWN_TERMS) > 0:
        table.add_row(f"and {more} more, with --json all of them")
    return table


def _shown_inputs(told: Explanation) -> list[Input]:
    """Of a single figure all, else those of the period: what occupancy owes to the hours before is left to it.

    A plan is made of other hours alone.
    """
    if len(told.figures) == 1 or told.figures[0].table in (STAFF, HEAT):
        return list(told.inputs)
    return [one for one in told.inputs if told.start <= one.interval_start < told.end]


def _shown_replies(told: Explanation, rows: list[Input]) -> list[SourceReply]:
    ids = {one.reply_id for one in rows} | {i for one in told.figures for was in one.earlier for i in was.reply_ids}
    return [one for one in told.replies if one.reply_id in ids]


def _inputs(told: Explanation, rows: list[Input]) -> Table:
    is_long = len(rows) > SHOWN_ROWS
    by = ", added up by the line: --json has every row" if is_long else ""
    table = _table(f"{len(rows)} rows, as the devices reported them{by}", *_COLUMNS)
    for shown in _added_up(told, rows) if is_long else (_row(told, one) for one in rows):
        table.add_row(*shown)
    for column in table.columns[5:7]:
        column.justify = "right"
    return table


_KINDS = {"lines": "", "regions": "region ", "long_stays": "long stays in region ", "heat": "heat"}
_COLUMNS = ("device", "line", "role", "way in", "interval", "IN", "OUT", "state", "reply")


def _row(told: Explanation, one: Input) -> tuple[RenderableType, ...]:
    start, end = (at.astimezone(ZoneInfo(told.timezone)) for at in (one.interval_start, one.interval_end))
    state = Text("complete", style="green") if one.is_complete else Text("open", style="yellow")
    if one.left_out is not None:
        state = Text(one.left_out, style="yellow")
    came = number(one.told)
    left = "" if one.out_count is None else number(one.out_count)
    return (*_place(one), f"{start:%m-%d %H:%M} - {end:%H:%M}", came, left, state, str(one.reply_id))


def _place(one: Input) -> tuple[str, str, str, str]:
    line = f"{_KINDS[one.report]}{'' if one.number is None else one.number}"
    way = one.zone or " > ".join(filter(None, (one.from_area, one.to_area)))
    return one.sensor_id, line, one.role, f"{way}{' (inverted)' if one.inverted else ''}"


def _added_up(told: Explanation, rows: list[Input]) -> Iterator[tuple[RenderableType, ...]]:
    def place(one: Input) -> tuple[str, str]:
        return one.report, one.place

    for _, group in groupby(sorted(rows, key=place), key=place):
        of = list(group)
        came = sum(one.told or 0 for one in of)
        left = "" if of[0].out_count is None else number(sum(one.out_count or 0 for one in of))
        is_complete = all(one.is_complete for one in of)
        replies = sorted({one.reply_id for one in of})
        ids = ", ".join(map(str, replies[:3])) + (f" and {len(replies) - 3} more" if len(replies) > 3 else "")
        start, end = (at.astimezone(ZoneInfo(told.timezone)) for at in (of[0].interval_start, of[-1].interval_end))
        span = f"{start:%m-%d %H:%M} - {end:%m-%d %H:%M}, {len(of)} rows"
        yield (*_place(of[0]), span, number(came), left, "complete" if is_complete else "some open", ids)


def _replies(told: Explanation, replies: list[SourceReply]) -> Table:
    table = _table("replies (device_replies)", "reply", "device", "report", "received", "status", "sha256 of the body")
    for one in replies:
        received, status = _local(told, one.received_at), str(one.status or one.error_cause or "")
        table.add_row(str(one.reply_id), one.sensor_id, one.report, received, status, one.sha256 or "")
    return table


def _earlier(told: Explanation) -> Table:
    table = _table("earlier values", "figure", "was", "became", "changed", "because")
    for figure in told.figures:
        for one in figure.earlier:
            changed = _local(told, one.changed_at)
            table.add_row(figure.metric, one.value or "unknown", one.became or "withdrawn", changed, Text(one.cause))
    return table


def _revised(told: Explanation) -> Table:
    table = _table("counts that were told otherwise before", "device", "count", "interval", "was", "became", "reply")
    for one in told.revised_counts:
        start = _local(told, one.interval_start)
        reply = str(one.reply_id or "")
        table.add_row(one.sensor_id, one.column, start, one.value or "", one.became or "withdrawn", reply)
    return table


def _shown(told: Explanation, value: object) -> str:
    if isinstance(value, dt.datetime):
        return _local(told, value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else number(value)


def _local(told: Explanation, at: dt.datetime) -> str:
    local = at.astimezone(ZoneInfo(told.timezone))
    return f"{local:%Y-%m-%d %H:%M} {_zone(local, told)}"


def _zone(local: dt.datetime, told: Explanation) -> str:
    name = local.tzname() or ""
    return told.timezone if name[:1] in "+-" else name


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        table.add_column(heading, overflow="fold", header_style="dim")
    return table
