"""What is said of a figure, whoever computes it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A column that decisions are made by, in one or more tables where it means the same.

    `formula` says in words how it is computed, `null` when there is no figure (None: there always is one), `source`
    what it is computed from. Numbers lie in `[low, high]`, None being without limit; other figures are one of
    `values`, or neither. `family` and `revision` make the version: whoever changes a formula raises the revision, and
    figures of two revisions are not compared.
    """

    name: str
    tables: tuple[str, ...]
    unit: str
    formula: str
    source: str
    null: str | None = None
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    family: str | None = None
    revision: int = 1

    @property
    def version(self) -> str:
        """`capture.v1`: the formula's name and the number of its revision."""
        return f"{self.family or self.name}.v{self.revision}"

    @property
    def range(self) -> str:
        """`0..1`, `>= 0`, `A, B, C`; empty where anything may come."""
        if self.values:
            return ", ".join(self.values)
        if self.low is None:
            return ""
        return f">= {self.low:g}" if self.high is None else f"{self.low:g}..{self.high:g}"

    def holds(self, figure: float | str) -> bool:
        """Whether a figure, which is not NULL, lies in the range."""
        if isinstance(figure, str):
            return not self.values or figure in self.values
        return (self.low is None or figure >= self.low) and (self.high is None or figure <= self.high)
