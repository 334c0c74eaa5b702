"""`retail-pipeline schema ...`: how the live schema differs from the declared one, and its repair."""

from rich.console import Console

from retail_pipeline.local.postgres import ensure_postgres
from retail_pipeline.resources.supabase_postgres import warehouse_url
from retail_pipeline.settings import read_settings
from retail_pipeline.warehouse import schema_description as schema
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.migrations import pending
from retail_pipeline.warehouse.schema_diff import not_carried
from retail_pipeline.warehouse.schema_repair import Repair, is_destructive

HIDDEN = (
    "Row level security hides every row from this role: connect as retail_pipeline, as a member of it, or as the owner."
)


def show_drift(console: Console) -> int:
    """Print what differs, an object a paragraph; 0 when nothing does."""
    warehouse = Warehouse(warehouse_url())
    with warehouse.transaction() as connection:
        compared = schema.compare(connection)
    if compared.is_hidden:
        _print(console, HIDDEN)
    drift = not_carried(compared.drift)
    for one in drift:
        _print(console, str(one))
    if not drift:
        _print(console, f"The {warehouse.where} is as declared: {len(compared.declared)} objects and properties.")
        return 1 if compared.is_hidden else 0
    lossy = sum(map(is_destructive, drift))
    hint = f" {lossy} of them only with --allow-destructive." if lossy else ""
    _print(console, f"{len(drift)} differences; `retail-pipeline schema fix` prints the repair.{hint}")
    return 1


def fix_drift(console: Console, *, apply: bool, allow_destructive: bool) -> int:
    """Print the repair, and run it in one transaction when told to; 0 when nothing is left to repair."""
    url = warehouse_url()
    if waiting := pending(url):
        _print(console, f"Run `retail-pipeline migrate` first: {', '.join(waiting)} not applied.")
        return 1
    with Warehouse(url).transaction() as connection:
        repair = schema.compare(connection).repair(allow_destructive=allow_destructive)
        _show(console, repair)
        if not apply:
            return 1 if repair.statements or repair.withheld else 0
        schema.apply(connection, repair.statements)
        left = schema.compare(connection).drift
    _print(console, f"Applied {len(repair.statements)} statements; {len(left)} differences are left.")
    return 1 if left else 0


def write_declaration(console: Console) -> int:
    """Write sql/schema.jsonl from the migrations, on a scratch database of the embedded Postgres."""
    with ensure_postgres(read_settings().home) as server:
        text = schema.declared_lines(schema.describe_migrations(server.url("postgres"), server.url))
    schema.declared_path().write_text(text, encoding="utf-8")
    _print(console, f"{schema.declared_path()}: {text.count(chr(10))} objects and properties.")
    return 0


def _show(console: Console, repair: Repair) -> None:
    for statement in repair.statements:
        _print(console, f"{statement};")
    for statement in repair.withheld:
        _print(console, f"-- withheld, it needs --allow-destructive: {statement};")
    if not repair.statements and not repair.withheld:
        _print(console, "-- Nothing to repair.")


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
