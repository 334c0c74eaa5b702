"""`fleet check` in a process: exit codes, line and field, and what a probe prints."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from retail_pipeline_tests.fleet.test_load import GOOD
from retail_pipeline_tests.local.simulator.running import running_simulator
from retail_pipeline_tests.shops import door, fleet_of, shop

FILE = GOOD.replace("country: PT\n", "country: PT\n    thresholds: {overdue_warn: 30}\n")


def fleet_check(file: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", "from retail_pipeline.cli import main; main()", "fleet", "check", str(file)]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "fleet.yaml"


@pytest.fixture
def answering() -> Iterator[str]:
    """Where the device of the file answers."""
    with running_simulator(fleet_of(shop("lisbon-01", door("lisbon-01-door")))) as simulator:
        yield f"{simulator.base_url}/lisbon-01-door"


def test_a_good_file_is_well_and_a_wrong_one_names_line_and_field(file) -> None:
    assert fleet_check(file, FILE).returncode == 0
    wrong_role = fleet_check(file, FILE.replace("role: passers_by", "role: street"))
    assert wrong_role.returncode == 2
    assert "line 17, stores[lisbon-01].sensors[lisbon-01-door].lines.4.role" in wrong_role.stderr
    misspelt = fleet_check(file, FILE.replace("overdue_warn", "overdue_wran"))
    assert misspelt.returncode == 2
    assert "line 8, stores[lisbon-01].thresholds.overdue_wran" in misspelt.stderr
    assert "did you mean overdue_warn?" in misspelt.stderr


def test_a_probe_of_a_device_that_answers_is_well_and_machines_can_read_it(file, answering) -> None:
    result = fleet_check(file, FILE.replace("http://127.0.0.1:8801", answering), "--probe", "--json")
    assert result.returncode == 0, result.stderr
    [device] = json.loads(result.stdout)["devices"]
    assert (device["sensor_id"], device["is_reachable"], device["rows"]) == ("lisbon-01-door", True, {"lines": 24})


def test_a_probe_of_a_device_that_is_not_there_fails(file) -> None:
    result = fleet_check(file, FILE.replace("http://127.0.0.1:8801", "http://127.0.0.1:9"), "--probe")
    assert result.returncode == 1
    assert "NOT reachable" in result.stdout
