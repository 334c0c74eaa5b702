"""`python -m retail_pipeline.local.simulator`: a fleet of simulated devices on one loopback port."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import threading
from pathlib import Path

from retail_pipeline.fleet.load import FleetError, load_fleet
from retail_pipeline.local.demo import demo_environment, demo_fleet_path, demo_scenario_path
from retail_pipeline.local.locks import exclusive
from retail_pipeline.local.simulator.auth import secrets_of
from retail_pipeline.local.simulator.fleet_port import FleetPort
from retail_pipeline.local.simulator.scenario import Scenario, ScenarioError, load_scenario
from retail_pipeline.local.simulator.server import LOOPBACK, serving


def main() -> int:
    """Serve until SIGTERM, Ctrl-C or the end of the last holder of `--clients-lock`; 2 for wrong arguments."""
    return _run(_arguments().parse_args())


def serve_demo(port: int, scenario: Path | None = None) -> int:
    """Serve the demo fleet in the foreground, until Ctrl-C; 2 for a wrong scenario or a port that is taken."""
    return _run(_arguments().parse_args([f"--port={port}", *([f"--scenario={scenario}"] if scenario else [])]))


def _run(given: argparse.Namespace) -> int:
    fleet_path = given.fleet or demo_fleet_path()
    is_demo = fleet_path.absolute() == demo_fleet_path()
    scenario_path = given.scenario or (demo_scenario_path() if given.fleet is None else None)
    try:
        fleet, scenario = load_fleet(fleet_path), load_scenario(scenario_path)
    except (FleetError, ScenarioError) as error:
        return _say(f"{error}")
    # Whoever asks the demo's devices uses the demo's secret, whatever the environment holds.
    known = secrets_of({**os.environ, **demo_environment()} if is_demo else os.environ)
    try:
        asyncio.run(_serve(FleetPort(fleet, _changed(scenario, given), known), given))
    except OSError as error:
        return _say(f"--port {given.port}: {error}")
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m retail_pipeline.local.simulator", description=__doc__)
    parser.add_argument("--fleet", type=Path, help="fleet file; default: the demo fleet with its scenario")
    parser.add_argument("--port", type=int, default=0, help="port on the loopback address; 0: any free one")
    parser.add_argument("--scenario", type=Path, help="YAML file of firmware, clocks and faults")
    parser.add_argument("--seed", type=int, help="another seed makes other people")
    parser.add_argument("--latency", type=float, nargs=2, metavar=("MIN", "MAX"), help="seconds before each reply")
    parser.add_argument("--port-file", type=Path, help="file that gets the port once it is open")
    parser.add_argument("--clients-lock", type=Path, help="stop when nobody holds this lock any more")
    return parser


def _changed(scenario: Scenario, given: argparse.Namespace) -> Scenario:
    changes = {"seed": given.seed, "latency": given.latency and tuple(given.latency)}
    return scenario.model_copy(update={name: value for name, value in changes.items() if value is not None})


async def _serve(fleet_port: FleetPort, given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    if given.clients_lock is not None:
        threading.Thread(target=_await_last_client, args=(given.clients_lock, loop, stop), daemon=True).start()
    async with serving(fleet_port, given.port) as port:
        if given.port_file is not None:
            _write_port(given.port_file, port)
        sys.stdout.write(f"{len(fleet_port.devices)} simulated devices on http://{LOOPBACK}:{port}\n")
        sys.stdout.flush()
        await stop.wait()


def _write_port(path: Path, port: int) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(f"{port}\n", encoding="utf-8")
    fresh.replace(path)


def _await_last_client(lock: Path, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    with exclusive(lock), contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


def _say(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
