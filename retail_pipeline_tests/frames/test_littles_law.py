import polars as pl
import pytest

from retail_pipeline.frames.littles_law import dwell_is_valid, is_steady, stay_minutes


def told(expr: pl.Expr, **figures: float | None) -> object:
    return pl.DataFrame({name: [value] for name, value in figures.items()}).select(expr).item()


def test_twelve_inside_and_one_coming_a_minute_stay_twelve_minutes() -> None:
    stay = stay_minutes(pl.col("inside"), pl.col("came"), pl.col("minutes"))
    assert told(stay, inside=12.0, came=60, minutes=60.0) == 12.0


def test_where_nobody_came_no_stay_is_told() -> None:
    stay = stay_minutes(pl.col("inside"), pl.col("came"), pl.col("minutes"))
    assert told(stay, inside=3.0, came=0, minutes=60.0) is None


@pytest.mark.parametrize(
    ("came", "left", "steady", "valid"),
    [
        pytest.param(8, 6, True, True, id="a quarter apart"),
        pytest.param(6, 8, True, True, id="a quarter apart, more leaving"),
        pytest.param(8, 5, False, False, id="more than a quarter apart"),
        pytest.param(4, 4, True, False, id="steady, but too few came"),
        pytest.param(0, 0, True, False, id="nobody"),
        pytest.param(5, 0, False, False, id="nobody left"),
        pytest.param(None, 5, False, False, id="arrivals not counted"),
    ],
)
def test_the_guard_wants_a_steady_flow_of_five(came: int | None, left: int, *, steady: bool, valid: bool) -> None:
    flows = pl.col("came").cast(pl.Int64), pl.col("left").cast(pl.Int64)
    assert told(is_steady(*flows), came=came, left=left) is steady
    assert told(dwell_is_valid(*flows), came=came, left=left) is valid
