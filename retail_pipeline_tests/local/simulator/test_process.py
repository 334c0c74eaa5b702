"""The simulator as a process: how it is started, shared, and stopped with its last user."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.locks import exclusive, shared, try_exclusive
from retail_pipeline.local.simulator.handle import SimulatorHandle, ensure_simulator
from retail_pipeline_tests.waiting import wait_until

PROGRAM = [sys.executable, "-m", "retail_pipeline.local.simulator"]
USER = """
import sys
from pathlib import Path
from retail_pipeline.local.simulator.handle import ensure_simulator
handle = ensure_simulator(Path(sys.argv[1]), linger_s=0.0)
print(handle.port, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for folder in tmp_path.glob("simulator-*"):
        with exclusive(folder / "keeper.lock"):
            pass


def pid_of(handle: SimulatorHandle) -> int:
    return int(httpx.get(f"{handle.base_url}/_health", trust_env=False).json()["pid"])


def is_gone(home: Path) -> bool:
    (folder,) = home.glob("simulator-*")
    lock = try_exclusive(folder / "server.lock")
    if lock is not None:
        os.close(lock)
    return lock is not None


def test_it_runs_from_the_first_to_the_last_user(home: Path) -> None:
    with ensure_simulator(home, linger_s=0.0) as first, ensure_simulator(home) as second:
        assert first.base_url == second.base_url
        assert pid_of(first) == pid_of(second)
        first.close()
        assert pid_of(second) > 0
    wait_until(lambda: is_gone(home))


def test_a_killed_user_is_no_user(home: Path) -> None:
    user = subprocess.Popen([sys.executable, "-c", USER, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with user:
        assert user.stdout is not None
        port = int(user.stdout.readline())
        with ensure_simulator(home) as handle:
            assert handle.port == port
            user.kill()
            user.wait()
            assert pid_of(handle) > 0
    wait_until(lambda: is_gone(home))


def test_ctrl_c_in_the_terminal_does_not_reach_it(home: Path) -> None:
    with ensure_simulator(home, linger_s=0.0) as handle:
        assert os.getsid(pid_of(handle)) != os.getsid(0)


def test_it_comes_back_at_the_same_address(home: Path) -> None:
    with ensure_simulator(home, linger_s=0.0) as handle:
        before = handle.port
    wait_until(lambda: is_gone(home))
    with ensure_simulator(home) as handle:
        assert handle.port == before


def test_another_fleet_is_another_simulator(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "fleet.yaml"
    other.write_text("organizations: []\nstores: []\n")
    with ensure_simulator(home, linger_s=0.0) as demo, ensure_simulator(home, other, linger_s=0.0) as none:
        assert demo.port != none.port
        told = httpx.get(f"{none.base_url}/_health", trust_env=False).json()
        assert told["devices"] == 0


def test_its_fleet_is_where_it_listens_unless_the_scenario_says_otherwise(home: Path, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text("devices: {lisbon-01-door: {port: 9}}\n")
    with ensure_simulator(home, scenario_path=scenario, linger_s=0.0) as handle:
        urls = {device.id: str(device.url) for store in handle.fleet().stores for device in store.sensors}
    assert urls["lisbon-01-door"] == "http://127.0.0.1:9/lisbon-01-door"
    assert urls["lisbon-02-door"] == f"{handle.base_url}/lisbon-02-door"


def test_it_logs_into_the_home(home: Path) -> None:
    with ensure_simulator(home, linger_s=0.0) as handle:
        (log,) = home.glob("simulator-*/server.log")
        assert f"simulated devices on {handle.base_url}" in log.read_text()


def test_by_itself_it_stops_when_nobody_holds_the_clients_lock(tmp_path: Path) -> None:
    lock = tmp_path / "clients.lock"
    client = shared(lock)
    port_file = tmp_path / "port"
    options = [f"--clients-lock={lock}", f"--port-file={port_file}", "--port=0"]
    with subprocess.Popen([*PROGRAM, *options], stdout=subprocess.DEVNULL) as process:
        wait_until(port_file.exists)
        told = httpx.get(f"http://127.0.0.1:{int(port_file.read_text())}/_health", trust_env=False).json()
        assert told == {"devices": 5, "pid": process.pid}
        os.close(client)
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        pytest.param("devices: {a: {faults: [gremlins]}}", "gremlins", id="an unknown fault"),
        pytest.param("devices: {a: {colour: red}}", "colour", id="an unknown field"),
        pytest.param("devices: [", "while parsing", id="no YAML"),
    ],
)
def test_a_wrong_scenario_is_named(tmp_path: Path, scenario: str, words: str) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(scenario)
    ended = subprocess.run([*PROGRAM, f"--scenario={path}"], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert words in ended.stderr
    assert str(path) in ended.stderr


def test_a_port_that_is_taken_is_named(fleet: Fleet) -> None:
    from retail_pipeline_tests.local.simulator.running import running_simulator

    with running_simulator(fleet) as running:
        port = running.base_url.rpartition(":")[2]
        ended = subprocess.run([*PROGRAM, f"--port={port}"], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert f"--port {port}" in ended.stderr
