"""From a routes file's bytes to its document, or every fault in it, in one sentence each, with its path."""

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any

import orjson
import yaml
from pydantic import ValidationError

from gateway.proxy.document import RoutesFile
from gateway.proxy.route import Identity

_MAX_BYTES = 1024 * 1024


class RoutesInvalid(Exception):
    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


class _Loader(yaml.SafeLoader):
    """YAML without what surprises: no key twice, no aliases (a few of them make a file of gigabytes)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # bare in its stubs
            raise yaml.composer.ComposerError(None, None, "aliases are not taken", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - as PyYAML has it
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is no text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value} is there twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def load(text: bytes, *, can_sign: bool, reserved: Collection[str] = ()) -> RoutesFile:
    """Parse and check a routes file.

    Args:
        text: YAML, or JSON, which is YAML.
        can_sign: whether there is a key to sign identities with.
        reserved: paths that the gateway answers itself.

    Raises:
        RoutesInvalid: with one sentence for each fault.
    """
    if len(text) > _MAX_BYTES:
        raise RoutesInvalid((f"The file is larger than {_MAX_BYTES} bytes.",))
    try:
        raw = yaml.load(text.decode(), Loader=_Loader)  # noqa: S506 - a SafeLoader with less
        data = orjson.dumps({} if raw is None else raw, default=_plain)
    except yaml.YAMLError as error:
        raise RoutesInvalid((_yaml_fault(error),)) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise RoutesInvalid(
            ("The file has a key or value that is neither text, number nor list.",)
        ) from error
    try:
        document = RoutesFile.model_validate_json(data)
    except ValidationError as error:
        raise RoutesInvalid(tuple(_model_faults(error))) from error
    faults = tuple(_cross_faults(document, can_sign=can_sign, reserved=reserved))
    if faults:
        raise RoutesInvalid(faults)
    return document


def _plain(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError


def _yaml_fault(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"Line {mark.line + 1}, column {mark.column + 1}: {error.problem or error.context}."
    return "The file is not YAML."


def _model_faults(error: ValidationError) -> Iterator[str]:
    for item in error.errors(include_url=False, include_input=False):
        path = ""
        for part in item["loc"]:
            if part == "[key]":
                continue
            path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
        if item["type"] == "extra_forbidden":
            yield f"{path}: there is no such setting."
            continue
        message = item["msg"].removeprefix("Value error, ")
        yield f"{path or 'the file'}: {message[:1].lower() + message[1:]}."


def _cross_faults(document: RoutesFile, *, can_sign: bool, reserved: Collection[str]) -> Iterator[str]:
    names: set[str] = set()
    taken: dict[tuple[str, str], str] = {}
    for index, route in enumerate(document.routes):
        here = f"routes[{index}]"
        if route.name in names:
            yield f"{here}.name: {route.name} is the name of another route."
        names.add(route.name)
        if route.upstream is not None and route.upstream not in document.upstreams:
            yield f"{here}.upstream: there is no {route.upstream} in upstreams."
        if route.identity is Identity.SIGNED and not can_sign:
            yield f"{here}.identity: signing needs the setting IDENTITY_SECRET."
        if route.upstream is not None and route.prefix in reserved:
            yield f"{here}.prefix: {route.prefix} is a route of the gateway itself."
        for method in dict.fromkeys(route.methods):
            other = taken.setdefault((route.prefix, method), route.name)
            if other != route.name:
                yield f"{here}.methods: {method} {route.prefix or '/'} is taken by {other}."
