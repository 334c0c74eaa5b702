"""Every benchmark runs, at a size that takes no time, and what a run writes is whole. No time is asserted."""

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks.measure import Contender, Ratio, interleaved, ratio_of
from benchmarks.sizes import SMALL
from benchmarks.table import Figure, table

README = Path(__file__).parents[2] / "README.md"


def figure(**given: object) -> Figure:
    told = {"what": "write", "size": "3 rows", "ours": 0.5, "yardstick": "COPY", "theirs": 0.25, "target": 2.2}
    return Figure(**{**told, "ratio": Ratio(2.0, 1.5, 2.5), **given})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", bench.BENCHMARKS)
def test_a_benchmark_measures_and_is_written_down(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMALL", "1")
    monkeypatch.setenv("BENCH_OUT", str(tmp_path))
    before = README.read_text()
    assert bench.main([name]) == 0

    told = json.loads((tmp_path / "results.json").read_text())
    assert told["figures"]
    assert all(one["ours"] > 0 for one in told["figures"])
    assert "small sizes, medians of 2 rounds" in told["conditions"]
    assert (tmp_path / "results.svg").read_text().startswith("<svg")
    assert all(one["size"] in capsys.readouterr().out for one in told["figures"][:1])
    assert README.read_text() == before


def test_contenders_take_turns_and_the_first_of_a_round_is_another_each_time() -> None:
    ran: list[str] = []
    timings = interleaved([Contender(name, lambda name=name: ran.append(name)) for name in "abc"], 3)  # type: ignore[misc]
    assert "".join(ran[3:]) == "abcbcacab"
    assert {name: len(times) for name, times in timings.seconds.items()} == {"a": 3, "b": 3, "c": 3}


def test_a_ratio_is_taken_within_a_round_so_that_a_slow_minute_does_not_matter() -> None:
    assert ratio_of([2.0, 20.0, 3.0], [1.0, 10.0, 1.0]) == Ratio(2.0, 2.0, 3.0)


def test_a_target_is_a_ceiling_unless_it_is_a_floor_and_the_limit_is_said_where_it_is_missed() -> None:
    assert figure().is_reached is True
    assert figure(target=1.5).is_reached is False
    assert figure(target=1.5, is_floor=True).is_reached is True
    assert figure(target=None).is_reached is None
    assert figure(ratio=None, target=0.4).is_reached is False
    assert table([figure(target=1.5, limit="the server's index")]).splitlines()[2] == (
        "| write | 3 rows | 500 ms | COPY: 250 ms | 2 (1.5 to 2.5) | <= 1.5 | not reached: the server's index |"
    )


def test_the_table_is_put_between_the_marks_of_the_readme(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n")
    bench.write_readme(readme, "new")
    assert readme.read_text() == "before\n<!-- bench -->\nnew\n<!-- /bench -->\nafter\n"
    assert README.read_text().count("<!-- bench -->") == 1


def test_a_name_that_is_no_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["nothing"]) == 2
    assert "parse" in capsys.readouterr().err


def test_sizes_for_tests_are_tiny() -> None:
    assert SMALL.fleet * SMALL.derived_days < 100
