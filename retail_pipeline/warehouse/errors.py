"""What can go wrong with the warehouse, in words for the person who has to act. No message holds a password."""
# ruff: noqa: N818, the names say what happened; `Error` at their end would say nothing more

import psycopg


class WarehouseError(Exception):
    """The warehouse could not do what was asked; the message says what to do."""


class InvalidDatabaseUrl(WarehouseError):
    """RETAIL_DATABASE_URL is not a Postgres URL; whoever set it corrects it."""


class WarehouseUnreachable(WarehouseError):
    """Nobody answers, or the login is refused; whoever runs the database or the network acts."""


class WarehouseBusy(WarehouseError):
    """A statement or a lock took too long; the next tick tries again."""


class SchemaOutdated(WarehouseError):
    """A table or column is missing; `retail-pipeline migrate` brings it."""


class MigrationChanged(WarehouseError):
    """A migration file was edited after it had been applied; a developer restores it."""


class MigrationFailed(WarehouseError):
    """A migration did not run; nothing of that file stands."""


class RepeatedKeys(WarehouseError):
    """A frame holds a key twice, so nobody can tell which row is meant; a developer acts."""


_TOO_SLOW = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
_NOT_MIGRATED = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName)


def warehouse_error(error: Exception, where: str, sqlstate: str | None = None) -> WarehouseError:
    """The error of this package for one of psycopg or ADBC; `where` names database and host."""
    sqlstate = sqlstate or getattr(error, "sqlstate", None)
    reason = " ".join(str(error).split()).split(" Query was:")[0]
    if sqlstate in {kind.sqlstate for kind in _NOT_MIGRATED}:
        return SchemaOutdated(f"The {where} lacks a table or column: {reason}. Run `retail-pipeline migrate`.")
    if sqlstate in {kind.sqlstate for kind in _TOO_SLOW}:
        return WarehouseBusy(f"The {where} took too long: {reason}. It is tried again at the next tick.")
    # psycopg refuses values that no server could take (a NUL in text) by itself, without a state.
    is_about_values = sqlstate is None and isinstance(error, psycopg.DataError)
    if not is_about_values and (sqlstate is None or sqlstate.startswith(("08", "28", "3D", "57P", "53"))):
        return WarehouseUnreachable(f"Cannot use the {where}: {reason}. {_advice(reason)}")
    return WarehouseError(f"The {where} refused a statement: {reason}")


def _advice(reason: str) -> str:
    if "certificate" in reason or "SSL" in reason:
        return (
            "Download the certificate of the server (Supabase: Database settings, SSL) and add"
            " sslrootcert=<file> to RETAIL_DATABASE_URL; sslmode=disable is for private networks only."
        )
    if "password" in reason or "authentication" in reason:
        return "Check user and password in RETAIL_DATABASE_URL."
    return "Check that it runs and that RETAIL_DATABASE_URL names the right host, port and database."
