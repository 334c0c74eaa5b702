"""One server for many processes, started by the first and stopped after the last, whatever kills whom.

Four lock files in the server's folder carry all the knowledge, because the kernel drops a lock when its holder dies:

- `start.lock`: whoever starts or stops the server; the others wait
- `clients.lock`: shared by every process that uses the server
- `keeper.lock`: held by the keeper, from before it is born; the keeper stops the server when `clients.lock` is free
- `server.lock`: held by every process of the server, and by nobody else; free means that nothing of it is left

Pids are never asked who lives: they are reused, and a zombie looks alive. Nothing here knows what the server does.
"""

import atexit
import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import ClassVar

from retail_pipeline.local.locks import exclusive, is_same_file, open_lock, shared, try_exclusive

PATIENCE_S = 240.0  # recovery after a crash in the middle of a large load takes minutes on a laptop
POLL_S = 0.01
BIRTHS = 3


class SharedServerError(Exception):
    """The server could not be started; the message ends with what it said last."""


class SharedServer(ABC):
    """What the clients and the keeper have to know about a server; made alike in both from `keeper_arguments`."""

    name: ClassVar[str]
    stop_signals: ClassVar[tuple[Signals, ...]] = (SIGTERM, SIGKILL)
    """From polite to final; each has a minute."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def log(self) -> Path:
        """What the server and its keeper print; `.1` is that of the time before."""
        return self.folder / "server.log"

    @abstractmethod
    def keeper_arguments(self) -> list[str]:
        """Module and arguments of the Python program that calls `keeper.keep` for this server."""

    @abstractmethod
    def make_ready(self) -> bool:
        """Whether the server answers; may finish what clients need. Called by one client at a time."""

    @abstractmethod
    def start(self, server_lock: int) -> subprocess.Popen[bytes]:
        """Start the server, in the keeper; every process that is started inherits `server_lock` (`pass_fds`)."""

    @abstractmethod
    def running_pid(self) -> int | None:
        """Pid of the server that a killed keeper left behind; asked only while `server.lock` is held."""


class Lease:
    """This process's share in a server, until `close` or the end of the process."""

    def __init__(self, server: SharedServer) -> None:
        self.server = server
        self._clients: int | None = None
        _leases.add(self)

    def ensure(self) -> None:
        """Return when the server answers, started if need be.

        Raises:
            SharedServerError: it did not start; the message tells what it said last.
        """
        with exclusive(self.server.folder / "start.lock"):
            self._hold()
            _await_ready(self.server)

    def _hold(self) -> None:
        clients = self.server.folder / "clients.lock"
        if self._clients is not None and not is_same_file(self._clients, clients):
            os.close(self._clients)
            self._clients = None
        if self._clients is None:
            self._clients = shared(clients)

    def close(self) -> None:
        """Give the share back; a server that lost its keeper gets one, so that it does not outlive its clients."""
        if self._clients is None:
            return
        with suppress(OSError):
            self._put_keeper_beside_orphan()
        os.close(self._clients)
        self._clients = None

    def _put_keeper_beside_orphan(self) -> None:
        keeper_lock = try_exclusive(self.server.folder / "keeper.lock")
        if keeper_lock is None:
            return
        server_lock = try_exclusive(self.server.folder / "server.lock")
        if server_lock is None:
            _bear_keeper(self.server, keeper_lock)
        else:
            os.close(server_lock)
            os.close(keeper_lock)

    def renew_after_fork(self) -> None:
        """Take a share of its own in a forked child, which has inherited its parent's."""
        if self._clients is not None:
            inherited, self._clients = self._clients, None
            with suppress(OSError):
                self._clients = shared(self.server.folder / "clients.lock")
            os.close(inherited)


_leases: set[Lease] = set()


def _renew_leases() -> None:
    for lease in _leases:
        lease.renew_after_fork()


os.register_at_fork(after_in_child=_renew_leases)


@atexit.register
def _close_leases() -> None:
    for lease in _leases:
        lease.close()


def _await_ready(server: SharedServer) -> None:
    deadline = time.monotonic() + PATIENCE_S
    births = 0
    while time.monotonic() < deadline:
        keeper_lock = try_exclusive(server.folder / "keeper.lock")
        if keeper_lock is None:
            if server.make_ready():
                return
        elif births == BIRTHS:
            os.close(keeper_lock)
            break
        else:
            _bear_keeper(server, keeper_lock)
            births += 1
        time.sleep(POLL_S)
    raise SharedServerError(f"{server.name} did not start; {server.log} ends with:\n{_last_words(server.log)}")


def _bear_keeper(server: SharedServer, keeper_lock: int) -> None:
    """Start the keeper with the lock as its standard input, so that there is no moment in which neither holds it."""
    with suppress(FileNotFoundError):
        server.log.replace(server.log.with_suffix(".log.1"))
    os.close(open_lock(server.log))
    root = Path(__file__).resolve().parents[2]
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-P", "-m", *server.keeper_arguments()],
        {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH"))))},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, keeper_lock, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(server.log), os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW, 0),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsigmask=[],
    )
    os.close(keeper_lock)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)  # it forks at once: the keeper is nobody's child, and nobody's zombie


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
