"""Locks that the kernel takes back when their holder dies, however it dies. Nothing here knows what they guard."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_lock(path: Path) -> int:
    """A file descriptor of the lock file, made when missing; it is not inherited by programs that are started.

    Raises:
        PermissionError: the folder belongs to another user, who should run this, or another folder be chosen.
    """
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except PermissionError as error:
        raise PermissionError(error.errno, "belongs to another user; choose another RETAIL_HOME", str(path)) from error
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(lock, owner.st_uid, owner.st_gid)
    return lock


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock and hold it."""
    lock = open_lock(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)  # closing alone would leave it to a child forked in the meantime
        os.close(lock)


def shared(path: Path) -> int:
    """A descriptor that counts as one holder until it is closed."""
    lock = open_lock(path)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def is_same_file(lock: int, path: Path) -> bool:
    """Whether the descriptor is still the file at `path`, which somebody may have removed with its folder."""
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False


def try_exclusive(path: Path) -> int | None:
    """A descriptor that holds the lock, None when somebody else does."""
    lock = open_lock(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
