"""Writes the README's table of metrics; prints the COMMENT statements of the tables that are named."""

import re
import sys
from pathlib import Path

from retail_pipeline.frames.metrics import DEFINED, PUBLISHED
from retail_pipeline.frames.metrics.text import comment_statements, readme_table

README = Path(__file__).parents[1] / "README.md"


def main(tables: set[str]) -> None:
    """The README on disk; statements on stdout, to be put into a new migration."""
    block = f"<!-- metrics -->\n{readme_table(DEFINED)}\n<!-- /metrics -->"
    text = README.read_text(encoding="utf-8")
    README.write_text(re.sub(r"<!-- metrics -->.*<!-- /metrics -->", lambda _: block, text, flags=re.DOTALL), "utf-8")
    for table in sorted(tables):
        metrics = [metric for metric in PUBLISHED if table in metric.tables]
        statements = "\n".join(comment_statements(metrics)).splitlines()
        sys.stdout.writelines(f"{line}\n" for line in statements if f" retail.{table}." in line)


if __name__ == "__main__":
    main(set(sys.argv[1:]))
