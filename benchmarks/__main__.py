"""`python -m benchmarks [NAME]...`: measures, prints the table, writes it down.

Writes `results.json` and `results.svg` beside this file and the README's block between its `bench` marks; with names,
or `SMALL=1`, nothing of these, because a part is not the table. Where `BENCH_OUT` names a folder, both files go there
and the README stays as it is.
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
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks import scaling
from benchmarks.chart import svg
from benchmarks.sizes import Sizes, sizes
from benchmarks.table import Figure, table

BENCHMARKS = ("parse", "write", "derive", "collect", "fleet_hour", "backfill", "steady", "readers", "start")
SCALING = "scaling"
HERE = Path(__file__).parent
README = HERE.parent / "README.md"


@dataclass
class Results:
    """What is measured so far, and of what is not, why not."""

    sizes: Sizes
    missing: dict[str, str]
    figures: list[Figure] = field(default_factory=list)
    stores: list[scaling.Size] = field(default_factory=list)

    def measure(self, name: str) -> None:
        """Run one benchmark; one that fails is named, and the others are measured."""
        started = time.perf_counter()
        sys.stderr.write(f"{name} ... ")
        sys.stderr.flush()
        try:
            if name == SCALING:
                self.stores = scaling.run(self.sizes)
            else:
                self.figures += importlib.import_module(f"benchmarks.{name}").run(self.sizes)
            del self.missing[name]
        except Exception as error:  # noqa: BLE001
            traceback.print_exc()
            self.missing[name] = type(error).__name__
        sys.stderr.write(f"{time.perf_counter() - started:.0f} s\n")

    @property
    def text(self) -> str:
        """As the README shows it."""
        parts = [
            conditions(self.sizes),
            table(self.figures) if self.figures else "",
            scaling.table(self.stores) if self.stores else "",
            *(f"Not measured: `{name}` ({why})." for name, why in self.missing.items()),
        ]
        return "\n\n".join(part for part in parts if part)

    def write(self, out: Path) -> None:
        """Figures for machines, and as a picture."""
        told = {
            "conditions": conditions(self.sizes),
            "figures": [asdict(one) | {"is_reached": one.is_reached} for one in self.figures],
            SCALING: [asdict(one) for one in self.stores],
        }
        (out / "results.json").write_text(f"{json.dumps(told, indent=2)}\n", encoding="utf-8")
        if self.figures:
            (out / "results.svg").write_text(svg(self.figures), encoding="utf-8")


def main(names: Sequence[str]) -> int:
    """The whole of it; 2 for a name that is none.

    Everything is written after each benchmark: a run that somebody ends early leaves what it has measured, and says
    what it has not.
    """
    known = (*BENCHMARKS, SCALING)
    if unknown := set(names) - set(known):
        sys.stderr.write(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(known)}\n")
        return 2
    chosen = names or known
    results = Results(sizes(), dict.fromkeys(chosen, "the run ended before it"))
    out = _out(is_whole=not names and results.sizes.name != "small")
    for name in chosen:
        results.measure(name)
        if out:
            results.write(out)
        if out == HERE:
            write_readme(README, results.text)
    sys.stdout.write(f"{results.text}\n")
    return 1 if results.missing else 0


def _out(*, is_whole: bool) -> Path | None:
    if "BENCH_OUT" in os.environ:
        return Path(os.environ["BENCH_OUT"])
    return HERE if is_whole else None


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
