"""What an explanation can no longer rest on, because it was kept as long as its organisation keeps it."""

from collections.abc import Collection

from retail_pipeline.fleet.calendar import LocalHour
from retail_pipeline.fleet.keeping import COUNTS, HOURS, REPLIES
from retail_pipeline.steps.explain.question import DAYS, DEVICE_HEAT, INTERVALS, Question, local_time
from retail_pipeline.warehouse.connection import Warehouse
from retail_pipeline.warehouse.keeping import kept_since


def removed_inputs(question: Question, warehouse: Warehouse) -> str | None:
    """That the rows which the figures were made from were removed; None: they are kept."""
    table = HOURS if question.table == DAYS else COUNTS
    kept = kept_since(warehouse, table).get(question.store.id)
    if kept is None or question.trading_day >= kept.first_day:
        return None
    if question.table in (INTERVALS, DEVICE_HEAT):
        return f"Rows of {question.table} are kept since {local_time(question.store, kept.since)}."
    return (
        f"The rows that this was made from ({table}) are kept since {local_time(question.store, kept.since)}:"
        " the figures stand as they were derived, and can't be computed again."
    )


def removed_comparisons(question: Question, warehouse: Warehouse, compared: Collection[LocalHour]) -> str | None:
    """That counts of days which figures are compared with were removed, though those of the day itself were not."""
    kept = kept_since(warehouse, COUNTS).get(question.store.id)
    if kept is None or not any(hour.trading_day < kept.first_day for hour in compared):
        return None
    since = local_time(question.store, kept.since)
    return f"Days that this is compared with lie before the counts that are kept, since {since}: they are told without."


def removed_replies(question: Question, warehouse: Warehouse, named: Collection[int], found: int) -> str | None:
    """That some of the replies `named` are no longer there; None: all were `found`."""
    if found == len(named):
        return None
    kept = kept_since(warehouse, REPLIES).get(question.store.id)
    since = "" if kept is None else f", they are kept since {local_time(question.store, kept.since)}"
    return f"{len(named) - found} of {len(named)} replies that this rests on were removed{since}."
