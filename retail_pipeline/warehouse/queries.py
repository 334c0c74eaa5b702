"""SQL that lives in files: finds it in a checkout or an installed package, and quotes what is put into it."""

import re
import sysconfig
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import polars as pl
from psycopg import sql

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def sql_home() -> Path:
    """The folder that holds `migrations` and `queries`: of the checkout, else of the installed package."""
    checkout = Path(__file__).parents[2] / "sql"
    if (checkout / "migrations").is_dir():
        return checkout
    return Path(sysconfig.get_path("data")) / "share" / "retail_pipeline" / "sql"


@cache
def query(name: str) -> str:
    """The statement in `sql/queries/<name>.sql`, with `%(name)s` where values go.

    Raises:
        FileNotFoundError: no such file.
    """
    statement = (sql_home() / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    return statement.rstrip().removesuffix(";")  # ADBC puts it between the parentheses of a COPY


def render(statement: str, values: Mapping[str, object]) -> str:
    """The statement with every `%(name)s` replaced by its value, quoted as a literal.

    ADBC prepares statements to bind values, which a transaction pooler may lose; a literal needs nothing.

    Raises:
        KeyError: a value is missing.
    """
    return _PLACEHOLDER.sub(lambda found: sql.Literal(values[found[1]]).as_string(None), statement)


def columns_of(frame: pl.DataFrame, names: Sequence[str]) -> dict[str, object]:
    """The columns as lists, for a statement that unnests them: one round trip, however many rows."""
    return {name: frame[name].to_list() for name in names}
