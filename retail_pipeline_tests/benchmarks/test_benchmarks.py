"""Every benchmark runs, at a size that takes no time, and what a run writes is whole. No time is asserted."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from benchmarks import __main__ as bench
from benchmarks.measure import Contender, Ratio, interleaved, ratio_of
from benchmarks.pipeline import evening_zone
from benchmarks.scaling import Size, beyond, where_it_ends
from benchmarks.scaling import table as scaling_table
from benchmarks.sizes import SMALL, USUAL
from benchmarks.start import answers, free_port, memory_mb
from benchmarks.table import Figure, table

README = Path(__file__).parents[2] / "README.md"


def figure(**given: object) -> Figure:
    told = {"what": "write", "size": "3 rows", "ours": 0.5, "yardstick": "COPY", "theirs": 0.25, "target": 2.2}
    return Figure(**{**told, "ratio": Ratio(2.0, 1.5, 2.5), **given})  # type: ignore[arg-type]


# `dagster dev` twice takes half a minute: only its parts are tried.
@pytest.mark.parametrize("name", sorted({*bench.BENCHMARKS} - {"start"}))
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
    assert "small sizes, medians of 1 rounds" in told["conditions"]
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


def test_a_benchmark_that_fails_is_named_and_the_others_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> list[Figure]:
        raise RuntimeError("a device did not answer")

    monkeypatch.setenv("SMALL", "1")
    monkeypatch.setattr("benchmarks.collect.run", fail)
    assert bench.main(["collect", "parse"]) == 1
    told = capsys.readouterr()
    assert "Not measured: `collect` (RuntimeError)." in told.out
    assert "| parse |" in told.out
    assert "a device did not answer" in told.err


def test_a_run_that_is_ended_leaves_what_it_measured_and_names_what_it_did_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> list[Figure]:
        raise KeyboardInterrupt

    readme = tmp_path / "README.md"
    readme.write_text("<!-- bench --><!-- /bench -->")
    monkeypatch.setenv("SMALL", "1")
    monkeypatch.setenv("BENCH_OUT", str(tmp_path))
    monkeypatch.setattr(bench, "HERE", tmp_path)
    monkeypatch.setattr(bench, "README", readme)
    monkeypatch.setattr("benchmarks.collect.run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bench.main(["parse", "collect"])
    assert [one["what"] for one in json.loads((tmp_path / "results.json").read_text())["figures"]] == ["parse"]
    assert "| parse |" in readme.read_text()
    assert "Not measured: `collect` (the run ended before it)." in readme.read_text()


def test_a_part_takes_its_place_among_what_was_measured_in_the_same_conditions_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("<!-- bench --><!-- /bench -->")
    monkeypatch.delenv("BENCH_OUT", raising=False)
    monkeypatch.setattr(bench, "HERE", tmp_path)
    monkeypatch.setattr(bench, "README", readme)
    monkeypatch.setattr(bench, "sizes", lambda: USUAL)
    monkeypatch.setattr(bench, "conditions", lambda _: "here and now")
    for name in ("parse", "write"):
        monkeypatch.setattr(f"benchmarks.{name}.run", lambda _, name=name: [figure(what=name)])
    stood = bench.Results(USUAL, {}, {"write": [figure(what="write")], "parse": [figure(what="stale")]})
    stood.write(tmp_path)

    assert bench.main(["parse"]) == 1  # others are missing
    assert [one["what"] for one in json.loads((tmp_path / "results.json").read_text())["figures"]] == ["parse", "write"]
    assert "| parse |" in readme.read_text()
    assert "stale" not in readme.read_text()
    assert "Not measured: `steady` (not measured yet)." in readme.read_text()

    monkeypatch.setattr(bench, "conditions", lambda _: "elsewhere")
    written = readme.read_text()
    bench.main(["write"])
    assert readme.read_text() == written


def test_the_committed_results_are_those_of_the_readme() -> None:
    results = bench.Results(USUAL, {})
    results.take_over(json.loads((README.parent / "benchmarks" / "results.json").read_text()))
    assert all(line in README.read_text() for line in table(results.in_order).splitlines())
    assert not results.stores or scaling_table(results.stores) in README.read_text()


def test_sizes_for_tests_are_tiny() -> None:
    assert SMALL.fleet * SMALL.derived_days < 100


def test_the_scaling_table_is_measured_and_then_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMALL", "1")
    monkeypatch.setenv("BENCH_OUT", str(tmp_path))
    assert bench.main([bench.SCALING]) == 0
    told = json.loads((tmp_path / "results.json").read_text())[bench.SCALING]
    assert [(one["stores"], one["is_computed"]) for one in told] == [(1, False), (2, False), (10_000, True)]
    assert all(one["seconds"] > 0 and one["events"] > 0 for one in told[:2])
    assert "| 10,000 (computed) |" in capsys.readouterr().out


def test_sizes_beyond_the_measured_follow_the_slope() -> None:
    ten, hundred = Size(10, 1.0, 200, 1.0, 1000, 2.0), Size(100, 10.0, 290, 10.0, 10_000, 20.0)
    thousand = beyond(ten, hundred, 1000)
    assert thousand == Size(1000, 100.0, 1190, 100.0, 100_000, 200.0, is_computed=True)
    told = where_it_ends([ten, hundred, thousand])
    assert "two polls at 18,000 stores, and 8 GB of memory at 8,002 stores" in told


def test_memory_of_a_process_counts_what_names_its_home(tmp_path: Path) -> None:
    held = sum(memory_mb(os.getpid(), tmp_path).values())
    waiting = [sys.executable, "-c", f"print('{tmp_path}', flush=True); input()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        assert sum(memory_mb(os.getpid(), tmp_path).values()) > held
        process.communicate(b"\n")
    assert not answers(free_port())


@pytest.mark.parametrize("hour", range(24))
def test_a_fleet_is_measured_late_in_its_day_whatever_the_hour(hour: int) -> None:
    now = dt.datetime(2026, 3, 2, hour, 40, tzinfo=dt.UTC)
    assert (now - dt.timedelta(hours=1)).astimezone(ZoneInfo(evening_zone(now))).hour == 22
