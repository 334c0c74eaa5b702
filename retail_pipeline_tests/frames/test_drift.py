import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail_pipeline.frames.drift import corrected_occupancy

Day = list[tuple[int, int]]


def corrected(*days: Day) -> list[float | None]:
    rows = [(f"day-{n}", entries, exits) for n, day in enumerate(days) for entries, exits in day]
    frame = pl.DataFrame(rows, schema={"day": pl.String, "entries": pl.Int64, "exits": pl.Int64}, orient="row")
    return frame.select(corrected_occupancy("day")).to_series().to_list()


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param([(4, 0), (4, 2), (0, 2)], [4.0, 4.0, 0.0], id="missed exits: 4 are scaled up to 8"),
        pytest.param([(2, 0), (2, 3), (0, 5)], [4.0, 5.0, 0.0], id="missed entries: 4 are scaled up to 8"),
        pytest.param([(3, 0), (0, 3)], [3.0, 0.0], id="a balanced day stays as it is"),
        pytest.param([(0, 0), (0, 0)], [0.0, 0.0], id="nobody came"),
        pytest.param([(5, 0), (1, 0)], [None, None], id="nobody was seen leaving"),
        pytest.param([(0, 4), (4, 0)], [0.0, 0.0], id="never below nobody"),
    ],
)
def test_the_smaller_side_is_scaled_until_the_day_nets_to_zero(day: Day, expected: list[float | None]) -> None:
    assert corrected(day) == expected


def test_each_day_is_corrected_by_itself() -> None:
    assert corrected([(2, 1), (0, 0)], [(1, 0), (0, 1)]) == [0.0, 0.0, 1.0, 0.0]


counts = st.integers(0, 500)


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=30))
def test_a_corrected_day_ends_with_nobody_inside(day: Day) -> None:
    last = corrected(day)[-1]
    one_sided = (sum(entries for entries, _ in day) == 0) != (sum(exits for _, exits in day) == 0)
    assert last is None if one_sided else last == pytest.approx(0.0, abs=1e-9)
