import datetime as dt

import polars as pl

from retail_pipeline.frames.quality.derivations import derivations_succeed
from retail_pipeline_tests.shops import store_of

STORE = store_of()
DAY = dt.date(2026, 7, 18)


def given_up(*rows: tuple[str, str, dt.date, int, str | None]) -> pl.DataFrame:
    names = ("step", "store_id", "trading_day", "attempts", "last_error")
    types = (pl.String, pl.String, pl.Date, pl.Int32, pl.String)
    return pl.DataFrame(list(rows), schema=dict(zip(names, types, strict=True)), orient="row")


def test_no_day_that_was_given_up_passes() -> None:
    assert derivations_succeed(given_up(), [STORE]).is_empty()


def test_a_day_that_failed_thrice_is_named_with_the_reason_and_what_to_do() -> None:
    [found] = derivations_succeed(given_up(("hours", "shop-1", DAY, 3, "no such zone")), [STORE]).to_dicts()
    assert (found["store_id"], found["figure"], found["threshold"], found["severity"]) == ("shop-1", 3.0, 3.0, "error")
    assert found["advice"] == (
        "the hours of 2026-07-18 failed 3 times in a row, next try after a day: no such zone. "
        "Correct the cause, then materialize hourly_analytics to have it now"
    )


def test_a_process_that_was_killed_said_nothing() -> None:
    [found] = derivations_succeed(given_up(("day", "shop-1", DAY, 4, None)), [STORE]).to_dicts()
    assert (
        "the summary of 2026-07-18 failed 4 times in a row, next try after a day: its process ended" in found["advice"]
    )
    assert "materialize daily_summaries" in found["advice"]


def test_a_store_that_is_not_declared_here_is_left_out() -> None:
    assert derivations_succeed(given_up(("day", "elsewhere", DAY, 3, None)), [STORE]).is_empty()
