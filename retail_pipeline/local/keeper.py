"""The process that starts a shared server and stops it when its last client is gone.

It has a session of its own: Ctrl-C in a terminal does not reach it. Nothing here knows what the server does.
"""

import enum
import fcntl
import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from subprocess import Popen

from retail_pipeline.local.locks import exclusive, open_lock, try_exclusive
from retail_pipeline.local.shared import SharedServer

STOP_PATIENCE_S = 60.0
QUICK_DEATH_S = 5.0
QUICK_DEATHS = 3


class Event(enum.Enum):
    """What can happen to a keeper."""

    SERVER_GONE = enum.auto()
    CLIENTS_GONE = enum.auto()
    ASKED_TO_STOP = enum.auto()


@dataclass
class Keeper:
    """Keeps one server while it has clients, and `linger_s` longer: two commands in a row meet the same server."""

    server: SharedServer
    linger_s: float

    def __post_init__(self) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.lived_s = 0.0

    def run(self) -> None:
        """Start the server, or take over the one that a killed keeper left, and see it to its end."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, lambda *_: self.events.put(Event.ASKED_TO_STOP))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        threading.Thread(target=self._watch_clients, daemon=True).start()
        quick_deaths = 0
        while quick_deaths < QUICK_DEATHS and self._run_once():
            quick_deaths = quick_deaths + 1 if self.lived_s < QUICK_DEATH_S else 0

    def _run_once(self) -> bool:
        """One life of the server; True when it died under its clients."""
        born = time.monotonic()
        process, pid = self._start_or_adopt()
        threading.Thread(target=self._watch_server, daemon=True).start()
        event = self.events.get()
        if event is not Event.SERVER_GONE:
            self._stop(pid)
        if process is not None:
            process.wait()
        self.lived_s = time.monotonic() - born
        return event is Event.SERVER_GONE

    def _start_or_adopt(self) -> tuple[Popen[bytes] | None, int]:
        while (server_lock := try_exclusive(self.server.folder / "server.lock")) is None:
            pid = self.server.running_pid()
            if pid is not None:
                return None, pid
            time.sleep(0.05)
        try:
            process = self.server.start(server_lock)
        finally:
            os.close(server_lock)
        return process, process.pid

    def _stop(self, pid: int) -> None:
        for signum in self.server.stop_signals:
            with suppress(ProcessLookupError):
                os.kill(pid, signum)
            if self._is_gone_within(STOP_PATIENCE_S):
                return

    def _is_gone_within(self, patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        try:
            while self.events.get(timeout=max(0.0, deadline - time.monotonic())) is not Event.SERVER_GONE:
                pass
        except Empty:
            return False
        return True

    def _watch_server(self) -> None:
        with exclusive(self.server.folder / "server.lock"):
            self.events.put(Event.SERVER_GONE)

    def _watch_clients(self) -> None:
        """Report the end of the last client, with `start.lock` and `clients.lock` held until this process ends."""
        clients = open_lock(self.server.folder / "clients.lock")
        start = open_lock(self.server.folder / "start.lock")
        while True:
            fcntl.flock(clients, fcntl.LOCK_EX)
            fcntl.flock(clients, fcntl.LOCK_UN)
            time.sleep(self.linger_s)
            fcntl.flock(start, fcntl.LOCK_EX)
            try:
                fcntl.flock(clients, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fcntl.flock(start, fcntl.LOCK_UN)
            else:
                self.events.put(Event.CLIENTS_GONE)
                return


def keep(server: SharedServer, linger_s: float) -> None:
    """Be the keeper of `server`: the body of the program that `SharedServer.keeper_arguments` names."""
    leave_parent(server.folder)
    Keeper(server, linger_s).run()


def leave_parent(folder: Path) -> None:
    """Become nobody's child in a session of its own."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir(folder)
    os.umask(0o077)
