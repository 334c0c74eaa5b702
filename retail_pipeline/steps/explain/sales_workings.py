"""How conversion and what follows from it come about, out of entries and of what a till told."""

from collections.abc import Callable, Mapping

from retail_pipeline.steps.explain.working import Row, Working, columns, equals, number, quotient


def _opportunity(row: Row) -> Working:
    target, rate = number(row["target_conversion_rate"]), number(row["conversion_rate"])
    entries, value = number(row["entries"]), number(row["average_transaction_value"])
    names = ("target_conversion_rate", "conversion_rate", "entries", "average_transaction_value")
    return equals(f"max(0, {target} - {rate}) x {entries} x {value}", row["opportunity"], columns(row, *names))


SALES_WORKINGS: Mapping[str, Callable[[Row], Working]] = {
    "conversion_rate": quotient("transactions", "entries", "conversion_rate"),
    "average_transaction_value": quotient("sales", "transactions", "average_transaction_value"),
    "sales_per_entry": quotient("sales", "entries", "sales_per_entry"),
    "opportunity": _opportunity,
}
"""By the columns of `conversion_hours` and `conversion_days`, whose rows name entries and sales alike."""
