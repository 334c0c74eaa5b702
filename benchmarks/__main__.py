"""`python -m benchmarks [NAME]...`: measures, prints the table, writes it down.

Writes `results.json` and `results.svg` beside this file and the README's block between its `bench` marks; with names,
or `SMALL=1`, into the folder that `BENCH_OUT` names and nowhere else, because a part is not the table.
"""

import datetime as dt
import importlib
import json
import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.chart import svg
from benchmarks.sizes import Sizes, sizes
from benchmarks.table import Figure, table

BENCHMARKS = ("parse", "write", "derive", "collect")
HERE = Path(__file__).parent
README = HERE.parent / "README.md"


def main(names: Sequence[str]) -> int:
    """The whole of it; 2 for a name that is none."""
    if unknown := set(names) - set(BENCHMARKS):
        sys.stderr.write(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}\n")
        return 2
    chosen = sizes()
    figures = [figure for name in names or BENCHMARKS for figure in measured(name, chosen)]
    is_whole = not names and chosen.name != "small"
    out = Path(os.environ.get("BENCH_OUT", "")) if os.environ.get("BENCH_OUT") else HERE if is_whole else None
    text = f"{conditions(chosen)}\n\n{table(figures)}"
    sys.stdout.write(f"{text}\n")
    if out is not None:
        write(out, chosen, figures)
    if out == HERE:
        write_readme(README, text)
    return 0


def measured(name: str, chosen: Sizes) -> list[Figure]:
    """The figures of a benchmark, in its own words how long it took."""
    started = time.perf_counter()
    sys.stderr.write(f"{name} ... ")
    sys.stderr.flush()
    figures: list[Figure] = importlib.import_module(f"benchmarks.{name}").run(chosen)
    sys.stderr.write(f"{time.perf_counter() - started:.0f} s\n")
    return figures


def write(out: Path, chosen: Sizes, figures: Sequence[Figure]) -> None:
    """Figures for machines, and as a picture."""
    told = {
        "conditions": conditions(chosen),
        "figures": [asdict(one) | {"is_reached": one.is_reached} for one in figures],
    }
    (out / "results.json").write_text(f"{json.dumps(told, indent=2)}\n", encoding="utf-8")
    (out / "results.svg").write_text(svg(figures), encoding="utf-8")


def write_readme(readme: Path, text: str) -> None:
    """Put the table between the marks."""
    block = f"<!-- bench -->\n{text}\n<!-- /bench -->"
    written = readme.read_text(encoding="utf-8")
    readme.write_text(re.sub(r"<!-- bench -->.*<!-- /bench -->", lambda _: block, written, flags=re.DOTALL), "utf-8")


def conditions(chosen: Sizes) -> str:
    """When, on what, and how large."""
    today = dt.datetime.now(dt.UTC).date()
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return (
        f"Measured {today} on {os.cpu_count()} cores ({processor()}), {system}; {chosen.name} sizes, "
        f"medians of {chosen.rounds} rounds."
    )


def processor() -> str:
    """Its name, where the system tells."""
    told = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*:\s*(.+)", told.read_text()) if told.exists() else []
    return names[0] if names else platform.processor() or "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
