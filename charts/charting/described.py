"""Reads values.yaml with what its `# --` comments say of each value."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

CHART: Final = Path(__file__).resolve().parents[1] / "api-reliability-suite"
_MARK: Final = "# -- "


class Undescribed(ValueError):
    """A value without a comment, or a comment of nothing."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: where it is, what it is when nothing is given, and what it is for."""

    path: tuple[str, ...]
    default: Any
    meaning: str

    @property
    def name(self) -> str:
        return ".".join(self.path)


def values(file: Path = CHART / "values.yaml") -> list[Value]:
    """Every value that has a comment, in the file's order.

    Raises:
        Undescribed: a value has none, and none of the mappings it is in has.
    """
    text = file.read_text(encoding="utf-8")
    comments = _comments(text)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise Undescribed(f"{file.name} is no mapping")
    found = list(_walk(root, (), comments))
    if comments:
        raise Undescribed(f"no value follows the comment in line {min(comments)}: {comments[min(comments)]}")
    return found


def _comments(text: str) -> dict[int, str]:
    """The comment for each line number (from 0) that follows one."""
    lines = text.splitlines()
    return {
        number + 1: line.strip().removeprefix(_MARK)
        for number, line in enumerate(lines)
        if line.strip().startswith(_MARK)
    }


def _walk(node: yaml.MappingNode, path: tuple[str, ...], comments: dict[int, str]) -> Iterator[Value]:
    for key, value in node.value:
        here = (*path, key.value)
        meaning = comments.pop(key.start_mark.line, None)
        if meaning is not None:
            yield Value(here, yaml.safe_load(yaml.serialize(value)), meaning)
        elif isinstance(value, yaml.MappingNode) and value.value:
            yield from _walk(value, here, comments)
        else:
            raise Undescribed(f"{'.'.join(here)} has no comment that begins with `{_MARK.strip()}`")
