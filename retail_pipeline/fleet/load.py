"""Reads the fleet file and says everything that is wrong with it, in sentences with line and field.

What may be declared is in `models`. No message repeats a value that could hold a secret.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from retail_pipeline.fleet.models import Device, Fleet, Keep, Line, Organization, QueueAlert, Store, Zone
from retail_pipeline.fleet.problems import DeclarationError, Problem
from retail_pipeline.fleet.yaml_source import Document, Place, RepeatedKeyError, read_document

_SENTENCES = {
    "missing": "is missing",
    "string_type": "should be text; in quotes if it looks like something else",
    "model_type": "should be keys with values",
    "dict_type": "should be keys with values",
    "tuple_type": "should be a list",
}


class FleetError(Exception):
    """The fleet file cannot be used: one sentence per problem, each with file, line and field. A usage error."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def load_fleet(path: Path) -> Fleet:
    """The fleet that the file declares.

    Raises:
        FleetError: the file cannot be read or used; whoever wrote it should act.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FleetError([f"{path}: the fleet file cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise FleetError([f"{path}: the fleet file is not text in UTF-8"]) from None
    return parse_fleet(text, str(path))


@lru_cache(maxsize=4)
def parse_fleet(text: str, source: str) -> Fleet:
    """The fleet that the YAML `text` declares; `source` names it in messages.

    Remembered while the text stays the same: Dagster's sensors read the file every few seconds, and reading the YAML
    of a hundred stores takes one.

    Raises:
        FleetError: with every problem found, in the order of lines.
    """
    document = _document(text, source)
    try:
        return Fleet.model_validate(document.values)
    except ValidationError as error:
        problems = [problem for details in error.errors(include_input=False) for problem in _problems(details)]
    # Not raised from pydantic's error, whose traceback would show more of the file than the message does.
    placed = sorted((document.place(problem.at), problem.sentence) for problem in problems)
    raise FleetError([_said(source, place, sentence) for place, sentence in placed])


def _document(text: str, source: str) -> Document:
    try:
        document = read_document(text)
    except RepeatedKeyError as error:
        raise FleetError([_said(source, place, "this key stands twice") for place in error.found]) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FleetError([f"{source}, line {line}: this is not YAML: {error.problem}"]) from None
    except (yaml.YAMLError, RecursionError):
        raise FleetError(
            [f"{source}: this is not YAML: it holds characters or a nesting that cannot be read"]
        ) from None
    if document.values is None:
        raise FleetError([f"{source}: the fleet file is empty"])
    return document


def _said(source: str, place: Place, sentence: str) -> str:
    field = f", {place.field}" if place.field else ""
    return f"{source}, line {place.line}{field}: {sentence}"


def _problems(details: ErrorDetails) -> Iterator[Problem]:
    """What one error of pydantic says, in our words."""
    at = details["loc"]
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, DeclarationError):
        yield from (Problem((*at, *problem.at), problem.sentence) for problem in cause.found)
    elif details["type"] == "value_error":
        yield Problem(at, str(cause))
    elif details["type"] == "extra_forbidden":
        yield Problem(at, f"is not a known key{_meant(str(at[-1]))}")
    else:
        yield Problem(at, _SENTENCES.get(details["type"], _lower(details["msg"].removeprefix("Input "))))


def _meant(key: str) -> str:
    models = (Fleet, Organization, Keep, Store, Device, Line, Zone, QueueAlert)
    known = {field.alias or name for model in models for name, field in model.model_fields.items()}
    close = get_close_matches(key, sorted(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _lower(message: str) -> str:
    return message if message.startswith("URL") else message[:1].lower() + message[1:]
