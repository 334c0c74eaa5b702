"""Definitions as people read them: the README's table and the comments of columns."""

from collections.abc import Iterable, Iterator

from retail_pipeline.frames.metrics.metric import Metric

_HEAD = "| metric | in | unit, range | how it is computed | NULL when | version |"


def readme_table(metrics: Iterable[Metric]) -> str:
    """A Markdown table, one row per metric."""
    return "\n".join([_HEAD, "|---" * 6 + "|", *(_row(metric) for metric in metrics)])


def column_comment(metric: Metric) -> str:
    """What `COMMENT ON COLUMN` says of a figure in every table that holds it."""
    figure = ", ".join(filter(None, [metric.unit, metric.range, metric.version]))
    null = f" NULL: {metric.null}." if metric.null else ""
    return f"{metric.formula}. [{figure}] From {metric.source}.{null}"


def comment_statements(metrics: Iterable[Metric]) -> Iterator[str]:
    """The statements that put the comments of these metrics into the database."""
    for metric in metrics:
        for table in metric.tables:
            comment = column_comment(metric).replace("'", "''")
            yield f"COMMENT ON COLUMN retail.{table}.{metric.name} IS '{comment}';"


def _row(metric: Metric) -> str:
    tables = ", ".join(f"`{table}`" for table in metric.tables)
    figure = ", ".join(filter(None, [metric.unit, metric.range]))
    cells = (f"`{metric.name}`", tables, figure, metric.formula, metric.null or "never", f"`{metric.version}`")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
