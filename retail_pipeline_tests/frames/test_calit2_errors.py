"""How far off plans and estimates are on a real door, fifteen weeks of CalIt2, and that the README says so."""

import datetime as dt
import statistics
from collections.abc import Callable
from pathlib import Path

import polars as pl

from retail_pipeline.frames import imputation, staffing
from retail_pipeline.frames.schemas import HOUR_HISTORY, conform
from retail_pipeline_tests.frames.quality.test_unusual import WEEK, building, hours

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
Rule = Callable[[list[int]], float]


def is_open(at: dt.datetime) -> bool:
    """As the replayed shops of the demo are: 08:00 to 20:00, on Sundays 10:00 to 18:00."""
    return 10 <= at.hour < 18 if at.weekday() == 6 else 8 <= at.hour < 20


def door() -> pl.DataFrame:
    """The hours of the 15 weeks."""
    counts = hours(building())
    shares = pl.Series("business_share", [float(is_open(at)) for at in counts["hour_start"]])
    return counts.with_columns(
        shares, pl.col("local_hour").cast(pl.Int8), pl.col("local_date").alias("trading_day"), exits="entries"
    )


def error_by_hand(rule: Rule) -> tuple[float, int]:
    """Of a rule over the up to four weeks before, nearest first: sums over open hours of which two are known."""
    counts = building()
    told = [
        (people, rule(past))
        for at, people in counts.items()
        if is_open(at) and len(past := [counts[at - n * WEEK] for n in range(1, 5) if at - n * WEEK in counts]) >= 2
    ]
    return sum(abs(people - expected) for people, expected in told), sum(people for people, _ in told)


def test_what_is_expected_is_nearer_than_last_week_and_the_mean() -> None:
    [(error, entries)] = staffing.backtest(door(), door()).select("error", "entries").rows()
    assert (error, entries) == error_by_hand(statistics.median)

    errors = {
        name: round(off / people, 2)
        for name, (off, people) in {
            "expected": (error, entries),
            "last week": error_by_hand(lambda past: past[0]),
            "mean": error_by_hand(statistics.mean),
        }.items()
    }
    assert errors == {"expected": 0.34, "last week": 0.41, "mean": 0.35}
    assert "| `expected_entries`, told a week ahead | 0.34 |" in README
    assert "| as many as last week | 0.41 |" in README
    assert "| mean of the four weeks before | 0.35 |" in README


def test_an_estimate_of_a_missing_hour_is_off_by_a_third() -> None:
    known = conform(door(), HOUR_HISTORY)
    last_day = known.select("store_id", "trading_day").tail(1)

    [(error, entries)] = imputation.backtest(last_day, known).select("error", "entries").rows()
    assert round(error / entries, 2) == 0.32
    assert "| `entries_imputed`, over the last 8 weeks | 0.32 |" in README


def test_the_readme_tells_how_well_events_are_found() -> None:
    assert "| `entries_as_usual` | 17 of 21 | 34 | 19 | 0.81 | 0.56 |" in README
    assert "| mean + 3 standard deviations | 18 of 21 | 135 | 22 | 0.86 | 0.16 |" in README
