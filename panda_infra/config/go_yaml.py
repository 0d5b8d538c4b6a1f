"""YAML as Go's readers parse it: YAML 1.1 in Helm and kubectl, and also the numbers of Pulumi's YAML 1.2.

`off` and `n` are false, `0123` is 83, `1_000` is 1000, and a number beyond 64 bits gets an exponent. Values then pass
through JSON, so that keys become texts and `.nan` is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf, isfinite
from typing import Any

import yaml

from panda_infra.config.yaml_nodes import PLAIN

__all__ = [
    "STRANGE",
    "TEXT",
    "Dumper",
    "build",
    "dump",
    "native",
    "number",
    "represent_text",
    "resolved",
    "style",
]

TEXT = "tag:yaml.org,2002:str"
_TAGS: dict[str, tuple[type, ...]] = {
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (int, float),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:null": (type(None),),
}
STRANGE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
"""Numbers of YAML that JSON does not have."""
_TRUE = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
_FALSE = {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
_NULL = {"", "~", "null", "Null", "NULL"}
_INT = re.compile(r"([-+]?)(0[xX][0-9A-Fa-f]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASES = {"x": 16, "o": 8, "b": 2}
_LONGEST = 67  # characters of a 64-bit number in binary, with sign and prefix
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_NO_EXPONENT = 1e21  # below it, Go's JSON writes a whole number with all its digits

Scalar = Callable[[yaml.ScalarNode], Any]


def number(text: str) -> int | float | None:
    """The number in a text without quotes; None if it is not a number, such as `0o8`, `1e999` or `.inf`."""
    plain = text.replace("_", "") if text[:1] in tuple("+-0123456789") else text
    match = _INT.fullmatch(plain)
    if match and len(plain) <= _LONGEST:
        sign, digits = match.groups()
        value = _whole(digits) * (-1 if sign == "-" else 1)
        if _SMALLEST <= value <= _LARGEST:
            return value
    found = float(plain) if _FLOAT.fullmatch(plain) else inf
    return found if isfinite(found) else None


def resolved(text: str) -> str | bool | int | float | None:
    """The value of a text without quotes in Helm and kubectl."""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text in _NULL:
        return None
    value = number(text)
    return text if value is None else value


def native(node: yaml.ScalarNode) -> str | bool | int | float | None:
    """The plain value of a node, for `build`."""
    return resolved(node.value) if node.tag == PLAIN else str(node.value)


def build(node: yaml.Node, scalar: Scalar) -> Any:
    """The mappings and lists of a composed text, with each scalar converted by ``scalar``.

    Raises:
        yaml.YAMLError: Helm and kubectl refuse it too, or a tag changes the value of its text.
    """
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag == PLAIN and key.value == "<<":
                # It overrides the keys before it; the keys after it override it.
                found |= _merged(value, scalar)
            else:
                found[_key(key)] = build(value, scalar)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [build(item, scalar) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)  # noqa: S101 - there is no other kind
    if type(resolved(node.value)) in _TAGS.get(node.tag, ()):
        return scalar(yaml.ScalarNode(PLAIN, node.value, node.start_mark, node.end_mark))
    if node.tag not in (PLAIN, TEXT) and not node.tag.startswith("!"):
        raise _error(node, "has a tag: write the value without it")
    if node.tag == PLAIN and STRANGE.fullmatch(node.value):
        raise _error(node, "is no number that JSON has: write it in quotes if it is a text")
    return scalar(node)


def style(text: str) -> str | None:
    """The quotes that a text needs where PyYAML adds none: Go does not read `1e3`, `0o17` and `y` as texts."""
    return "'" if not isinstance(resolved(text), str) or STRANGE.fullmatch(text) else None


def represent_text(dumper: yaml.representer.SafeRepresenter, text: str) -> yaml.ScalarNode:
    """A node that every reader loads as text."""
    return dumper.represent_scalar(TEXT, text, style=style(text))


class Dumper(yaml.SafeDumper):
    """Writes texts so that every reader loads them as texts."""


Dumper.add_representer(str, represent_text)


def dump(value: Any, **options: Any) -> str:
    """Plain values as YAML; the options are PyYAML's."""
    return str(yaml.dump(value, Dumper=Dumper, **options))


def _whole(digits: str) -> int:
    prefix = digits[1:2].lower()
    if prefix in _BASES:
        return int(digits[2:], _BASES[prefix])
    return int(digits, 8 if digits[0] == "0" else 10)


def _merged(node: yaml.Node, scalar: Scalar) -> dict[str, Any]:
    """The keys that `<<` merges from one or several mappings; the first mapping with a key wins."""
    given = node.value if isinstance(node, yaml.SequenceNode) else [node]
    if not all(isinstance(each, yaml.MappingNode) for each in given):
        raise _error(node, "`<<` needs a mapping or a list of mappings")
    return {key: value for each in reversed(given) for key, value in build(each, scalar).items()}


def _key(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode) and node.tag not in (PLAIN, TEXT) and not node.tag.startswith("!"):
        raise _error(node, "has a tag: write the key without it")
    value = native(node) if isinstance(node, yaml.ScalarNode) else None
    if value is None:
        raise _error(node, "a key must be a text")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < _NO_EXPONENT else repr(value)
    return str(value)


def _error(node: yaml.Node, what: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark)
