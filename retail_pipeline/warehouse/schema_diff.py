"""Two descriptions of schema `retail` held against each other; pure values, no SQL is run or made here."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Change = Literal["missing", "extra", "different"]
RELATIONS = ("table", "view", "materialized view", "sequence", "function", "type")


class SchemaObject(NamedTuple):
    """One object, or one property of one: `relation` is what it belongs to, `definition` what must be equal."""

    kind: str
    relation: str
    name: str
    definition: str

    @property
    def place(self) -> tuple[str, str, str]:
        """What stays the same when the definition changes."""
        return self.kind, self.relation, self.name

    @property
    def carries(self) -> str | None:
        """The name under which other objects stand or fall with this one; None: nothing does."""
        if self.kind == "column":
            return f"{self.relation}.{self.name}"
        return self.name if self.kind in RELATIONS else None

    @property
    def carried_by(self) -> tuple[str, ...]:
        """What this one stands or falls with: its relation, and its column."""
        if self.kind in RELATIONS:
            return ()
        column = self.name.removeprefix("COLUMN ") if self.kind == "comment" else f"{self.relation}.{self.name}"
        return self.relation, column if self.kind in {"comment", "default", "not null", "identity"} else self.relation


class Difference(NamedTuple):
    """`missing` has no live object, `extra` no declared one; `different` has both."""

    change: Change
    declared: SchemaObject | None
    live: SchemaObject | None
    subject: SchemaObject

    def __str__(self) -> str:
        of = "" if self.subject.relation in {"", self.subject.name} else f" of {self.subject.relation}"
        name = f"{self.change} {self.subject.kind}: {self.subject.name}{of}"
        if self.declared and self.live:
            return f"{name}\n  declared: {_shown(self.declared)}\n  found:    {_shown(self.live)}"
        return f"{name}\n  {_shown(self.subject)}" if self.subject.definition else name


def differences(declared: Iterable[SchemaObject], live: Iterable[SchemaObject]) -> list[Difference]:
    """What is missing, extra or different in `live`, by kind and place; none when the two say the same."""
    wanted, found = ({one.place: one for one in side} for side in (declared, live))
    return [
        difference
        for place in sorted(wanted.keys() | found.keys())
        if (difference := _difference(wanted.get(place), found.get(place))) is not None
    ]


def not_carried(found: Sequence[Difference]) -> list[Difference]:
    """Without what goes without saying: columns, rules and comments of a table that is missing or extra as a whole."""
    whole = {(one.change, one.subject.carries) for one in found if one.change != "different"}
    return [one for one in found if not any((one.change, name) in whole for name in one.subject.carried_by)]


def _difference(declared: SchemaObject | None, live: SchemaObject | None) -> Difference | None:
    if declared is None:
        return None if live is None else Difference("extra", None, live, live)
    if live is None:
        return Difference("missing", declared, None, declared)
    return None if declared == live else Difference("different", declared, live, declared)


def _shown(one: SchemaObject) -> str:
    return " ".join(one.definition.split())
