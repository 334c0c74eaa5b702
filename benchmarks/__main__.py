"""`python -m benchmarks [NAME]...`: measures, prints the table, writes it down.

Writes `results.json` and `results.svg` beside this file and the README's block between its `bench` marks. With names it
takes the place of what stands there of them, if all else was measured in the same conditions: figures of two machines,
days or sizes make no table. With `BENCH_OUT` it writes into that folder and nowhere else, with `SMALL=1` alone nowhere.
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
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import scaling
from benchmarks.chart import svg
from benchmarks.measure import Ratio
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
    figures: dict[str, list[Figure]] = field(default_factory=dict)
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
                self.figures[name] = importlib.import_module(f"benchmarks.{name}").run(self.sizes)
            del self.missing[name]
        except Exception as error:  # noqa: BLE001
            traceback.print_exc()
            self.missing[name] = type(error).__name__
        sys.stderr.write(f"{time.perf_counter() - started:.0f} s\n")

    @property
    def in_order(self) -> list[Figure]:
        """The figures as they follow each other in the table."""
        return [figure for name in BENCHMARKS for figure in self.figures.get(name, [])]

    @property
    def text(self) -> str:
        """As the README shows it."""
        parts = [
            conditions(self.sizes),
            table(self.in_order) if self.figures else "",
            scaling.table(self.stores) if self.stores else "",
            *(f"Not measured: `{name}` ({why})." for name, why in self.missing.items()),
        ]
        return "\n\n".join(part for part in parts if part)

    def write(self, out: Path) -> None:
        """Figures for machines, and as a picture."""
        told = {
            "conditions": conditions(self.sizes),
            "figures": [
                {"benchmark": name} | asdict(one) | {"is_reached": one.is_reached}
                for name in BENCHMARKS
                for one in self.figures.get(name, [])
            ],
            SCALING: [asdict(one) for one in self.stores],
        }
        (out / "results.json").write_text(f"{json.dumps(told, indent=2)}\n", encoding="utf-8")
        if self.figures:
            (out / "results.svg").write_text(svg(self.in_order), encoding="utf-8")

    def take_over(self, told: Mapping[str, Any]) -> None:
        """What `write` wrote of other benchmarks before."""
        for one in told["figures"]:
            if one["benchmark"] not in self.missing:
                given = {name: value for name, value in one.items() if name not in {"benchmark", "is_reached"}}
                ratio = Ratio(**one["ratio"]) if one["ratio"] else None
                self.figures.setdefault(one["benchmark"], []).append(Figure(**given | {"ratio": ratio}))
        if SCALING not in self.missing:
            self.stores = [scaling.Size(**one) for one in told[SCALING]]
        absent = {*BENCHMARKS, SCALING} - {*self.missing, *self.figures, *([SCALING] if self.stores else [])}
        self.missing |= dict.fromkeys(sorted(absent), "not measured yet")


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
    out = _place_of_part(results) if names else _place(results)
    for name in chosen:
        results.measure(name)
        if out:
            results.write(out)
        if out == HERE:
            write_readme(README, results.text)
    sys.stdout.write(f"{results.text}\n")
    return 1 if results.missing else 0


def _place(results: Results) -> Path | None:
    """Where results are written; None: nowhere."""
    if "BENCH_OUT" in os.environ:
        return Path(os.environ["BENCH_OUT"])
    return None if results.sizes.name == "small" else HERE


def _place_of_part(results: Results) -> Path | None:
    """The same for a part, which joins what stands there and what was measured alike."""
    place, standing = _place(results), HERE / "results.json"
    if place == HERE and standing.exists():
        told = json.loads(standing.read_text(encoding="utf-8"))
        if told["conditions"] != conditions(results.sizes):
            return None
        results.take_over(told)
    return place


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
