"""The simulator as a shared process: started by its first user, stopped after its last one."""

import contextlib
import hashlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from retail_pipeline.fleet.load import load_fleet
from retail_pipeline.fleet.models import Fleet
from retail_pipeline.local.demo import demo_fleet_path, demo_scenario_path, pointed_at
from retail_pipeline.local.place import private_folder
from retail_pipeline.local.shared import Lease, SharedServer
from retail_pipeline.local.simulator.scenario import load_scenario
from retail_pipeline.local.simulator.server import LOOPBACK

LINGER_S = 5.0
KEEPER = "retail_pipeline.local.simulator.keeping"
_ANSWERS_WITHIN_S = 5.0


class SimulatorServer(SharedServer):
    """The simulator of one fleet and scenario; its folder holds both paths, the port and the logs."""

    name = "the simulated devices"

    def __init__(self, folder: Path, fleet: Path, scenario: Path | None, linger_s: float = LINGER_S) -> None:
        super().__init__(private_folder(folder))
        self.fleet, self.scenario, self.linger_s = fleet, scenario, linger_s

    @property
    def port(self) -> int:
        """The port of the last start, 0 before the first."""
        with contextlib.suppress(OSError, ValueError):
            return int((self.folder / "port").read_text(encoding="utf-8"))
        return 0

    def keeper_arguments(self) -> list[str]:
        """See `SharedServer`."""
        scenario = [f"--scenario={self.scenario}"] if self.scenario else []
        return [KEEPER, str(self.folder), f"--fleet={self.fleet}", f"--linger={self.linger_s}", *scenario]

    def make_ready(self) -> bool:
        """Whether the process that the keeper started answers on the port that it wrote down."""
        return self._health() is not None

    def running_pid(self) -> int | None:
        """Pid of the simulator that a killed keeper left behind."""
        return self._health()

    def start(self, server_lock: int) -> subprocess.Popen[bytes]:
        """See `SharedServer`. The port of the last time is taken again if it is free: addresses keep their meaning."""
        port = self.port if _is_free(self.port) else 0
        (self.folder / "port").unlink(missing_ok=True)
        command = [sys.executable, "-P", "-m", "retail_pipeline.local.simulator", f"--fleet={self.fleet}"]
        command += [f"--port={port}", f"--port-file={self.folder / 'port'}"]
        command += [f"--scenario={self.scenario}"] if self.scenario else []
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(server_lock,))  # noqa: S603

    def _health(self) -> int | None:
        if not self.port:
            return None
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=_ANSWERS_WITHIN_S)
        try:
            connection.request("GET", "/_health")
            return int(json.loads(connection.getresponse().read())["pid"])
        except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
            return None
        finally:
            connection.close()


class SimulatorHandle:
    """A share in a running simulator, until `close` or the end of the process."""

    def __init__(self, server: SimulatorServer, lease: Lease) -> None:
        self._server, self._lease = server, lease
        self._is_open = True

    @property
    def port(self) -> int:
        """The loopback port."""
        return self._server.port

    @property
    def base_url(self) -> str:
        """Where the devices are: `base_url/<sensor_id>`."""
        return f"http://{LOOPBACK}:{self.port}"

    def fleet(self) -> Fleet:
        """The simulated fleet with its devices at this simulator, or at the ports that the scenario gives them.

        Raises:
            FleetError: the fleet file is wrong.
            ScenarioError: the scenario is.
        """
        scenario = load_scenario(self._server.scenario)
        ports = {sensor_id: device.port for sensor_id, device in scenario.devices.items() if device.port}
        return pointed_at(load_fleet(self._server.fleet), self.base_url, ports)

    def close(self) -> None:
        """Give this share back; the simulator ends shortly after the last one of the last process."""
        if self._is_open:
            self._is_open = False
            _release(self._lease)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_servers: dict[Path, tuple[SimulatorServer, Lease]] = {}
_handles: Counter[Lease] = Counter()
_guard = threading.RLock()


def ensure_simulator(
    home: Path, fleet_path: Path | None = None, scenario_path: Path | None = None, *, linger_s: float = LINGER_S
) -> SimulatorHandle:
    """Simulated devices, running, shared by all processes with the same home, fleet and scenario.

    Args:
        home: the folder for local state; the simulator lives in a folder `simulator-...` below it.
        fleet_path: the fleet; None: the demo fleet with the demo's scenario.
        scenario_path: firmware, clocks and faults; None: good devices.
        linger_s: how long the simulator outlives its last user.

    Raises:
        SharedServerError: it did not start; the message tells what it said last.
        PermissionError: the home belongs to another user.
    """
    scenario = scenario_path or (demo_scenario_path() if fleet_path is None else None)
    fleet = (fleet_path or demo_fleet_path()).absolute()
    scenario = scenario.absolute() if scenario else None
    folder = private_folder(home.absolute()) / f"simulator-{_fingerprint(fleet, scenario)}"
    with _guard:
        if folder not in _servers:
            server = SimulatorServer(folder, fleet, scenario, linger_s)
            _servers[folder] = (server, Lease(server))
        server, lease = _servers[folder]
        lease.ensure()
        _handles[lease] += 1
        return SimulatorHandle(server, lease)


def _fingerprint(fleet: Path, scenario: Path | None) -> str:
    # Another fleet or scenario is another simulator: nobody's devices change under their feet.
    content = fleet.read_bytes() + b"\0" + (scenario.read_bytes() if scenario else b"")
    return hashlib.sha256(content).hexdigest()[:12]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return True
    return False


def _release(lease: Lease) -> None:
    with _guard:
        _handles[lease] -= 1
        if _handles[lease] == 0:
            lease.close()


def _fresh_guard() -> None:
    global _guard  # noqa: PLW0603  (a forked child cannot wait for a thread of its parent)
    _guard = threading.RLock()


os.register_at_fork(after_in_child=_fresh_guard)
