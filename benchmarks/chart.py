"""The picture of a run: each ratio to its yardstick with its spread, and where it should stay under."""

from collections.abc import Sequence

import altair as alt
import polars as pl
import vl_convert

from benchmarks.table import Figure

_MET, _MISSED, _GREY = "#0072B2", "#E69F00", "#666666"


def svg(figures: Sequence[Figure]) -> str:
    """Figures with a ratio and a target, on a logarithmic scale on which the target is 1."""
    shown = [(one, one.ratio, one.target) for one in figures if one.ratio and one.target]
    rows = [_shares(one, ratio.low, ratio.median, ratio.high, target) for one, ratio, target in shown]
    frame = pl.DataFrame(rows, schema=["what", "low", "middle", "high", "state"], orient="row")
    base = alt.Chart(frame, width=420, height={"step": 22}).encode(
        y=alt.Y("what:N", sort=None, title=None, axis=alt.Axis(labelLimit=320)),
        color=alt.Color(
            "state:N", title=None, scale=alt.Scale(domain=["reached", "not reached"], range=[_MET, _MISSED])
        ),
    )
    scale = alt.Scale(type="log")
    spread = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", scale=scale, title="share of what is allowed"), x2="high:Q"
    )
    middle = base.mark_point(filled=True, size=70).encode(x=alt.X("middle:Q", scale=scale))
    limit = alt.Chart(pl.DataFrame({"at": [1.0]})).mark_rule(color=_GREY, strokeDash=[4, 3]).encode(x="at:Q")
    return str(vl_convert.vegalite_to_svg((spread + middle + limit).to_dict()))


def _shares(
    figure: Figure, low: float, middle: float, high: float, target: float
) -> tuple[str, float, float, float, str]:
    shares = [target / value if figure.is_floor else value / target for value in (low, middle, high)]
    name = f"{figure.what}, {figure.size.split(',')[0]}"
    return name, min(shares), shares[1], max(shares), "reached" if figure.is_reached else "not reached"
