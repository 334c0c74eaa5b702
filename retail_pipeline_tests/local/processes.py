"""Processes that use an embedded Postgres, and what its locks and pid file tell about it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from retail_pipeline.local.locks import try_exclusive
from retail_pipeline.local.place import cluster_folder
from retail_pipeline_tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
SITE_PACKAGES = Path(psutil.__file__).parents[1]
CLIENT = """
import signal
import sys
from pathlib import Path
from retail_pipeline.local.postgres import ensure_postgres

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores Ctrl-C for what it starts in the background
handle = ensure_postgres(Path(sys.argv[1]), fsync=False, linger_s=float(sys.argv[2]))
print(handle.url("retail"), flush=True)
sys.stdin.read()
"""


def interpreter_of(user: str | None) -> str:
    """A Python that the user may run: root's own is often closed to others."""
    if user is None:
        return sys.executable
    for candidate in (sys.executable, *map(str, Path("/usr/bin").glob("python3.1[1-3]"))):
        with suppress(PermissionError):
            subprocess.run([candidate, "-c", ""], user=user, extra_groups=[], check=True)
            return candidate
    pytest.skip(f"no Python that {user} may run")


class Client:
    """A process that holds a share in the server from `ready` until `leave` or `kill`."""

    def __init__(self, home: Path, linger_s: float = 0.0, code: str = CLIENT, user: str | None = None) -> None:
        self.process = subprocess.Popen(
            [interpreter_of(user), "-c", code, str(home), str(linger_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(SITE_PACKAGES)))},
            start_new_session=True,
            user=user,
            extra_groups=[] if user else None,
        )

    def ready(self) -> str:
        """Wait for the server, and return its URL."""
        assert self.process.stdout
        assert self.process.stderr
        return self.process.stdout.readline().strip() or self.process.stderr.read()

    def leave(self) -> None:
        """End as programs do."""
        self.process.communicate()

    def kill(self) -> None:
        """End as programs do that are out of luck."""
        self.process.kill()
        self.process.communicate()


@contextmanager
def clients(home: Path, count: int = 1, linger_s: float = 0.0) -> Iterator[list[Client]]:
    """Clients that are killed in the end, whatever the test did with them."""
    made = [Client(home, linger_s) for _ in range(count)]
    try:
        yield made
    finally:
        for client in made:
            client.kill()


def is_free(home: Path, lock: str) -> bool:
    """Whether nobody holds the lock."""
    held = try_exclusive(home / "postgres" / lock)
    if held is not None:
        os.close(held)
    return held is not None


def is_over(home: Path) -> bool:
    """Whether neither server nor keeper is left."""
    return is_free(home, "server.lock") and is_free(home, "keeper.lock")


def cluster_of(home: Path) -> Path:
    """Where the data are."""
    return cluster_folder(home / "postgres", None)


def postmaster_of(home: Path) -> int:
    """The pid of the server."""
    return int((cluster_of(home) / "data" / "postmaster.pid").read_text().split()[0])


def keepers_of(home: Path) -> list[int]:
    """The pids of the keepers; more than one is a fault."""
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if {"retail_pipeline.local.postgres", str(home / "postgres")}.issubset(process.info["cmdline"] or [])
    ]


def modes_above(folder: Path) -> dict[Path, tuple[int, int]]:
    """Mode and owner of a folder and all its ancestors."""
    return {each: (each.stat().st_mode, each.stat().st_uid) for each in (folder, *folder.parents)}


@contextmanager
def a_home(mode: int = 0o711, name: str = "home") -> Iterator[Path]:
    """An empty folder, outside pytest's own as that one is closed to every account but root's."""
    above = Path(tempfile.mkdtemp(prefix="retail-tests-"))
    above.chmod(0o711)
    home = above / name
    home.mkdir()
    home.chmod(mode)
    try:
        yield home
    finally:
        if (home / "postgres").exists():
            wait_until(lambda: is_over(home))
            shutil.rmtree(cluster_of(home))
        shutil.rmtree(above)
