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
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks import scaling
from benchmarks.chart import svg
from benchmarks.sizes import Sizes, sizes
from benchmarks.table import Figure, table

BENCHMARKS = ("parse", "write", "derive", "collect", "fleet_hour", "backfill", "steady", "readers", "start")
SCALING = "scaling"
HERE = Path(__file__).parent
README = HERE.parent / "README.md"


def main(names: Sequence[str]) -> int:
    """The whole of it; 2 for a name that is none."""
    known = (*BENCHMARKS, SCALING)
    if unknown := set(names) - set(known):
        sys.stderr.write(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(known)}\n")
        return 2
    chosen, failed = sizes(), list[str]()
    figures: list[Figure] = []
    stores: list[scaling.Size] = []
    for name in names or known:
        with _timed(name, failed):
            if name == SCALING:
                stores = scaling.run(chosen)
            else:
                figures += importlib.import_module(f"benchmarks.{name}").run(chosen)
    parts = [conditions(chosen), table(figures) if figures else "", scaling.table(stores) if stores else "", *failed]
    text = "\n\n".join(part for part in parts if part)
    sys.stdout.write(f"{text}\n")
    if out := _out(is_whole=not names and chosen.name != "small"):
        write(out, chosen, figures, stores)
        if out == HERE:
            write_readme(README, text)
    return 1 if failed else 0


def _out(*, is_whole: bool) -> Path | None:
    if "BENCH_OUT" in os.environ:
        return Path(os.environ["BENCH_OUT"])
    return HERE if is_whole else None


@contextmanager
def _timed(name: str, failed: list[str]) -> Iterator[None]:
    """Says how long a benchmark took; one that fails is named, and the others are measured."""
    started = time.perf_counter()
    sys.stderr.write(f"{name} ... ")
    sys.stderr.flush()
    try:
        yield
    except Exception as error:  # noqa: BLE001
        traceback.print_exc()
        failed.append(f"Not measured: `{name}` ({type(error).__name__}).")
    sys.stderr.write(f"{time.perf_counter() - started:.0f} s\n")


def write(out: Path, chosen: Sizes, figures: Sequence[Figure], stores: Sequence[scaling.Size]) -> None:
    """Figures for machines, and as a picture."""
    told = {
        "conditions": conditions(chosen),
        "figures": [asdict(one) | {"is_reached": one.is_reached} for one in figures],
        SCALING: [asdict(one) for one in stores],
    }
    (out / "results.json").write_text(f"{json.dumps(told, indent=2)}\n", encoding="utf-8")
    if figures:
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
