"""What can go wrong with the warehouse, in words for the person who has to act. No message holds a password."""
# ruff: noqa: N818, the names say what happened; `Error` at their end would say nothing more

import adbc_driver_manager
import psycopg


class WarehouseError(Exception):
    """The warehouse could not do what was asked; the message says what to do."""


class InvalidDatabaseUrl(WarehouseError):
    """RETAIL_DATABASE_URL is not a Postgres URL; whoever set it corrects it."""


class WarehouseUnreachable(WarehouseError):
    """Nobody answers, or the login is refused; whoever runs the database or the network acts."""


class WarehouseBusy(WarehouseError):
    """A statement or a lock took too long; the next tick tries again."""


class AccessDenied(WarehouseError):
    """The role may not do this; whoever grants roles acts."""


class SchemaOutdated(WarehouseError):
    """A table or column is missing; `retail-pipeline migrate` brings it."""


class MigrationChanged(WarehouseError):
    """A migration file was edited after it had been applied; a developer restores it."""


class MigrationFailed(WarehouseError):
    """A migration did not run; nothing of that file stands."""


class RepeatedKeys(WarehouseError):
    """A frame holds a key twice, so nobody can tell which row is meant; a developer acts."""


_TOO_SLOW = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
# What a moment may mend: a restart, a full pool, a lost packet. SQLSTATE where there is one, else words of libpq.
_PASSING_STATES = ("08", "57P", "53")
_PASSING_WORDS = (
    *("connection refused", "connection reset", "server closed the connection", "timeout expired", "timed out"),
    *("starting up", "shutting down", "could not receive data", "no connection to the server", "eof detected"),
    *("temporary failure in name resolution", "max clients", "remaining connection slots", "too many clients"),
)
_TO_DO = {
    "pooler": (
        "Behind Supabase's pooler the user is ROLE.PROJECT, for example retail_pipeline.abcdefgh; when it is so, the"
        " project may be paused: resume it in the dashboard."
    ),
    "name": "Use the host name for which the certificate of the server was made.",
    "certificate": (
        "Download the certificate of the server (Supabase: Database settings, SSL) and add sslrootcert=FILE to"
        " RETAIL_DATABASE_URL; sslmode=disable is for private networks only."
    ),
    "ipv6": (
        "The host may have an IPv6 address only, which this network can't reach: use the host of the project's pooler."
    ),
    "no host": (
        "There is no such host: check its spelling; a Supabase project that is paused or deleted loses its own."
    ),
    "full": "All connections are taken: use the pooler in transaction mode, or raise the size of its pool.",
    "disk": "Free some space on the disk of the database, or enlarge it; what was not written is asked for again.",
    "login": "Check user and password in RETAIL_DATABASE_URL; special characters are percent-encoded.",
}
# The first that is found in what libpq or the server said.
ADVICE = {
    "No space left": _TO_DO["disk"],
    "Tenant or user not found": _TO_DO["pooler"],
    "does not match host name": _TO_DO["name"],
    "certificate": _TO_DO["certificate"],
    "SSL": _TO_DO["certificate"],
    "Network is unreachable": _TO_DO["ipv6"],
    "Cannot assign requested address": _TO_DO["ipv6"],
    "No address associated with hostname": _TO_DO["ipv6"],
    "could not translate host name": _TO_DO["no host"],
    "max clients": _TO_DO["full"],
    "remaining connection slots": _TO_DO["full"],
    "too many clients": _TO_DO["full"],
    "password authentication failed": _TO_DO["login"],
    "authentication": _TO_DO["login"],
}
NO_ADVICE = "Check that it runs and that RETAIL_DATABASE_URL names the right host, port and database."
NOT_ALLOWED = "Connect as the role retail_pipeline or as the owner of the tables; only the owner migrates."
_NOT_MIGRATED = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName)


def warehouse_error(error: Exception, where: str, sqlstate: str | None = None) -> WarehouseError:
    """The error of this package for one of psycopg or ADBC; `where` names database and host."""
    sqlstate = sqlstate or getattr(error, "sqlstate", None)
    reason = " ".join(str(error).split()).split(" Query was:")[0]
    if sqlstate in {kind.sqlstate for kind in _NOT_MIGRATED}:
        return SchemaOutdated(f"The {where} lacks a table or column: {reason}. Run `retail-pipeline migrate`.")
    if sqlstate in {kind.sqlstate for kind in _TOO_SLOW}:
        return WarehouseBusy(f"The {where} took too long: {reason}. It is tried again at the next tick.")
    if sqlstate == psycopg.errors.InsufficientPrivilege.sqlstate:
        return AccessDenied(f"The {where} does not allow this: {reason}. {NOT_ALLOWED}")
    # psycopg refuses values that no server could take (a NUL in text) by itself, without a state.
    is_about_values = sqlstate is None and isinstance(error, psycopg.DataError)
    if not is_about_values and (sqlstate is None or sqlstate.startswith(("08", "28", "3D", "57P", "53"))):
        return WarehouseUnreachable(f"Cannot use the {where}: {reason}. {_advice(reason)}")
    return WarehouseError(f"The {where} refused a statement: {reason}")


def is_passing(error: Exception) -> bool:
    """Whether the same may work in a moment: nobody answers, all connections are taken, or the connection broke."""
    if not isinstance(error, psycopg.OperationalError | adbc_driver_manager.Error):
        return False
    if sqlstate := error.sqlstate:
        return sqlstate.startswith(_PASSING_STATES)
    words = str(error).lower()
    return any(word in words for word in _PASSING_WORDS)


def _advice(reason: str) -> str:
    return next((advice for words, advice in ADVICE.items() if words in reason), NO_ADVICE)
