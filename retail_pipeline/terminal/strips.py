"""Hours as characters: one each, told apart without colours."""

from collections.abc import Iterable

from rich.text import Text

from retail_pipeline.steps.status_report import HourState, HourStatus

_BLOCKS = "▁▂▃▄▅▆▇"
_COMPLETE = {True: "█", False: "#"}
_MISSING = {True: "×", False: "x"}
_PENDING = {True: "…", False: "?"}
_STYLES = {
    HourState.COMPLETE: "green",
    HourState.PARTIAL: "yellow",
    HourState.MISSING: "bold red",
    HourState.PENDING: "dim",
    HourState.NOT_EXPECTED: "dim",
}


def hour_strip(hours: Iterable[HourStatus], *, is_unicode: bool) -> Text:
    """Oldest hour first. A gap is a cross, never the lowest bar: that would look like a little."""
    strip = Text()
    for hour in hours:
        strip.append(_character(hour, is_unicode), style=_STYLES[hour.state])
    return strip


def legend(*, is_unicode: bool) -> str:
    """What the characters mean."""
    partial = f"{_BLOCKS[1]}{_BLOCKS[4]}" if is_unicode else "1-9"
    return (
        f"{_COMPLETE[is_unicode]} complete  {partial} in part  {_MISSING[is_unicode]} gap  "
        f"{_PENDING[is_unicode]} not due yet  - before its time  (local times)"
    )


def _character(hour: HourStatus, is_unicode: bool) -> str:
    match hour.state:
        case HourState.COMPLETE:
            return _COMPLETE[is_unicode]
        case HourState.PARTIAL:
            return _share(hour.completeness or 0.0, is_unicode)
        case HourState.MISSING:
            return _MISSING[is_unicode]
        case HourState.PENDING:
            return _PENDING[is_unicode]
        case HourState.NOT_EXPECTED:
            return "-"


def _share(completeness: float, is_unicode: bool) -> str:
    if is_unicode:
        return _BLOCKS[min(int(completeness * len(_BLOCKS)), len(_BLOCKS) - 1)]
    return str(min(9, max(1, int(completeness * 10))))
