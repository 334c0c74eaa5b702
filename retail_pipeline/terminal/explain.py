"""`retail-pipeline explain`: asks, and shows the answer to a person or to a machine."""

import datetime as dt

from rich.console import Console

from retail_pipeline.resources.fleet_file import load_declared_fleet
from retail_pipeline.resources.supabase_postgres import open_warehouse
from retail_pipeline.steps.explain.answer import explain
from retail_pipeline.steps.explain.question import read_question
from retail_pipeline.terminal.explain_page import page


def explain_figures(
    console: Console,
    *,
    store_id: str,
    hour: str | None,
    day: dt.date | None,
    interval: str | None,
    zone: str | None,
    way: str | None,
    device: str | None,
    table: str | None,
    metric: str | None,
    as_json: bool,
) -> int:
    """Explain figures; a figure that is missing is explained too. Returns 0.

    Raises:
        NotExplainableError: there is no such store, hour, interval, zone, way, device, table or metric.
        WarehouseError: the warehouse can't be read.
    """
    more = {"way": way, "table": table, "interval": interval, "device": device}
    question = read_question(load_declared_fleet(), store_id, hour, day, zone, metric, **more)
    with open_warehouse() as warehouse:
        explanation = explain(question, warehouse, dt.datetime.now(dt.UTC))
    if as_json:
        console.file.write(explanation.model_dump_json(indent=2) + "\n")
    else:
        console.print(page(explanation))
    return 0
