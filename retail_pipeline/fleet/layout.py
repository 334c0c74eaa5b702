"""What is drawn on a shop's floor: counting lines and zones. How they join into a graph is in `graph`."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

OUTSIDE = "outside"
STREET = "street"
OUTSIDE_AREAS = frozenset({OUTSIDE, STREET})


def written_as(pattern: str, sentence: str) -> AfterValidator:
    """Text that matches the whole `pattern`; the `sentence` tells a person so, without repeating what was typed."""

    def matching(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(sentence)
        return text

    return AfterValidator(matching)


Identifier = Annotated[
    str,
    written_as(r"[a-z0-9][a-z0-9_-]{0,62}", "is a name of up to 63 small letters, digits, - and _, as lisbon-01"),
]


class Declared(BaseModel):
    """A frozen piece of the fleet file; unknown keys are refused, and what was typed never shows in an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True, allow_inf_nan=False
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, not validated again; what was derived from the old values is forgotten."""
        copied = super().model_copy(update=update, deep=deep)
        for name in [name for name in vars(copied) if isinstance(getattr(type(copied), name, None), cached_property)]:
            del copied.__dict__[name]
        return copied


class Role(StrEnum):
    """What a counting line sees; only `entrance` lines make a store's entries and exits."""

    ENTRANCE = "entrance"
    INTERIOR = "interior"
    PASSERS_BY = "passers_by"
    IGNORED = "ignored"


class ZoneKind(StrEnum):
    """What a zone answers: first impressions, browsing, waiting, or a high-value area."""

    ENTRANCE = "entrance"
    SHOPPING = "shopping"
    QUEUE = "queue"
    PREMIUM = "premium"


class Line(Declared):
    """One counting line: IN moves people `from` -> `to`, unless it is mounted the wrong way round (`inverted`)."""

    role: Role
    from_area: str | None = Field(default=None, alias="from")
    to_area: str | None = Field(default=None, alias="to")
    inverted: bool = False


class Zone(Declared):
    """One of up to four areas of a store.

    `closed: true` vouches that every boundary is a counted line, `closed: false` that one is not; unstated, the lines
    decide.
    """

    kind: ZoneKind
    name: str
    closed: bool | None = None
    typical_stay_minutes: float | None = Field(default=None, gt=0)
