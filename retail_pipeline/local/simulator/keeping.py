"""The program that keeps a simulator for its users. It is started by `handle`, never by hand."""

import argparse
from pathlib import Path

from retail_pipeline.local.keeper import keep
from retail_pipeline.local.simulator.handle import LINGER_S, SimulatorServer


def main() -> None:
    """Start the simulator and stop it after its last user."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fleet", type=Path, required=True)
    parser.add_argument("--scenario", type=Path)
    parser.add_argument("--linger", type=float, default=LINGER_S)
    given = parser.parse_args()
    keep(SimulatorServer(given.folder, given.fleet, given.scenario, given.linger), given.linger)


if __name__ == "__main__":
    main()
