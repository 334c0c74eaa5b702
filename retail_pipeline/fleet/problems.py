"""What is wrong with a declaration, and where in it; how a file's lines are found does not belong here."""

from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One sentence about one place; `at` is the path below the model that found it, a list's items by their id."""

    at: tuple[str | int, ...]
    sentence: str


class DeclarationError(ValueError):
    """Everything that one look at a declaration found, so that a file is corrected once and not error by error."""

    def __init__(self, found: Iterable[Problem]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(problem.sentence for problem in self.found))


def refuse(found: Iterable[Problem]) -> None:
    """Raise `DeclarationError` unless nothing was found.

    Raises:
        DeclarationError: naming each place.
    """
    if problems := tuple(found):
        raise DeclarationError(problems)
