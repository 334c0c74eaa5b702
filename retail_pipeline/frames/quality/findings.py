"""The one shape of every check's findings. A check without findings has passed."""

from enum import StrEnum

import polars as pl

from retail_pipeline.frames.schemas import UTC_TIME, conform

FINDINGS = pl.Schema(
    {
        "check": pl.String(),
        "severity": pl.String(),
        "store_id": pl.String(),
        "sensor_id": pl.String(),
        "hour_start": UTC_TIME,
        "figure": pl.Float64(),
        "threshold": pl.Float64(),
        "advice": pl.String(),
    }
)
_MAY_BE_ABSENT = ("sensor_id", "hour_start")


class Severity(StrEnum):
    """How a finding weighs: `warn` is worth a look, `error` means figures that should not be trusted."""

    WARN = "warn"
    ERROR = "error"


def findings(rows: pl.DataFrame, check: str, severity: Severity | pl.Expr) -> pl.DataFrame:
    """`rows` as findings of `check`, sorted by store, hour and device.

    Needs `store_id`, `figure`, `threshold`, `advice`; `sensor_id` and `hour_start` are NULL where the check has none.
    """
    absent = [pl.lit(None).alias(name) for name in _MAY_BE_ABSENT if name not in rows.columns]
    weight = severity if isinstance(severity, pl.Expr) else pl.lit(str(severity))
    named = rows.with_columns(*absent, pl.lit(check).alias("check"), weight.alias("severity"))
    return conform(named, FINDINGS).sort("store_id", "hour_start", "sensor_id", "figure")


def graded_findings(rows: pl.DataFrame, check: str) -> pl.DataFrame:
    """Findings of a check with two limits: above `<check>_warn` is a warning, above `<check>_error` an error.

    `rows` hold both limits as columns; the threshold shown is the one that was passed.
    """
    warn, error = pl.col(f"{check}_warn"), pl.col(f"{check}_error")
    is_error = pl.col("figure") > error
    threshold = pl.when(is_error).then(error).otherwise(warn)
    severity = pl.when(is_error).then(pl.lit(str(Severity.ERROR))).otherwise(pl.lit(str(Severity.WARN)))
    passed = rows.filter((pl.col("figure") > warn) | is_error).with_columns(threshold.alias("threshold"))
    return findings(passed, check, severity)
