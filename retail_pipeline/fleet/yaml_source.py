"""YAML as people mean it, and the line on which a value stands. What the values mean does not belong here."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import yaml

_TAG = "tag:yaml.org,2002:"
_STARTS_OF_NUMBERS = list("-+0123456789")
_MOST_NODES = 1_000_000
"""With every alias written out: a fleet of 1,000 devices has 50,000, a few lines of aliases of aliases any number."""


class FleetLoader(yaml.SafeLoader):
    """Safe YAML that leaves text alone: `NO` is Norway, `10:00` no number, `2026-12-25` and `010` stay as written."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (the parent's is shared with every SafeLoader)


FleetLoader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))
FleetLoader.add_implicit_resolver(f"{_TAG}null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
FleetLoader.add_implicit_resolver(f"{_TAG}int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), _STARTS_OF_NUMBERS)
FleetLoader.add_implicit_resolver(f"{_TAG}float", re.compile(r"^[-+]?[0-9]+\.[0-9]+$"), _STARTS_OF_NUMBERS)
FleetLoader.add_implicit_resolver(f"{_TAG}merge", re.compile(r"^<<$"), ["<"])


class Place(NamedTuple):
    """Where in the file: the line, from 1, and the field as a person would say it."""

    line: int
    field: str


class Document(NamedTuple):
    """One YAML document: its values, and the nodes that know their lines; no node in an empty one."""

    values: Any
    root: yaml.Node | None

    def place(self, path: Sequence[str | int]) -> Place:
        """Where `path` stands; the nearest that holds it, if it does not stand at all."""
        node, line, field = self.root, _line(self.root), ""
        for step in path:
            if step == "[key]":  # how pydantic says that the key itself is wrong
                continue
            found = _entry(node, step)
            field += found.name if found else f".{step}"
            node, line = (found.value, found.line) if found else (None, line)
        return Place(line, field.removeprefix("."))


class _Entry(NamedTuple):
    value: yaml.Node
    line: int
    name: str


class RepeatedKeyError(ValueError):
    """Keys that stand twice in one mapping, where YAML itself would keep the last without a word."""

    def __init__(self, found: list[Place]) -> None:
        self.found = tuple(found)
        super().__init__(", ".join(place.field for place in found))


def read_document(text: str) -> Document:
    """The one document of `text`.

    Raises:
        yaml.YAMLError: the text is not YAML, or repeats itself beyond measure.
        RepeatedKeyError: a key stands twice.
    """
    loader = FleetLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return Document(None, None)
        if _written_out(root, {}) > _MOST_NODES:
            raise yaml.YAMLError("aliases that repeat themselves beyond measure")
        if repeated := list(_repeated_keys(root, set())):
            raise RepeatedKeyError(repeated)
        return Document(loader.construct_document(root), root)
    finally:
        loader.dispose()


def _written_out(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes there would be without aliases."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = 0  # where a node holds itself, which is found out by what it means
        pairs = node.value if isinstance(node, yaml.SequenceNode) else [one for pair in node.value for one in pair]
        known[id(node)] = 1 + sum(_written_out(one, known) for one in pairs)
    return known[id(node)]


def _repeated_keys(node: yaml.Node, seen: set[int]) -> Iterator[Place]:
    """Repeated keys below `node`; by their text, because `1` and `"1"` are one line of a device."""
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys = [key for key, _ in node.value]
        texts = [key.value if isinstance(key, yaml.ScalarNode) else None for key in keys]
        for position, (key, text) in enumerate(zip(keys, texts, strict=True)):
            if text is not None and text in texts[:position]:
                yield Place(_line(key), text)
        children = [value for _, value in node.value]
    else:
        children = list(node.value)
    for child in children:
        yield from _repeated_keys(child, seen)


def _entry(node: yaml.Node | None, step: str | int) -> _Entry | None:
    if isinstance(node, yaml.MappingNode):
        # Backwards: what is merged in (<<) stands before what is written out, and the latter counts.
        for key, value in reversed(node.value):
            if key.value == str(step):
                return _Entry(value, _line(key), f".{step}")
    if isinstance(node, yaml.SequenceNode):
        for index, item in reversed(list(enumerate(node.value))):
            if step in (index, _id_of(item)):
                return _Entry(item, _line(item), f"[{_id_of(item) or index}]")
    return None


def _id_of(node: yaml.Node) -> str | None:
    declared = _entry(node, "id") if isinstance(node, yaml.MappingNode) else None
    return declared.value.value if declared and isinstance(declared.value, yaml.ScalarNode) else None


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node else 1
