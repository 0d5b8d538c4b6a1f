"""Reads values files as Helm does: which scalars are booleans, numbers or nothing, and how a template prints them.

Helm reads YAML 1.1 with Go's reader and passes it through JSON, so `off`, `n` and `False` are false, `0123` is 83 and a
number of seven digits prints with an exponent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from math import inf, isfinite
from typing import Any

import yaml

__all__ = ["Scalar", "is_placeholder", "native", "read_values"]

_TRUE = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
_FALSE = {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
_NULL = {"", "~", "null", "Null", "NULL"}
_INT = re.compile(r"([-+]?)(0[xX][0-9A-Fa-f]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_BASES = {"x": 16, "o": 8, "b": 2}
# Digits after which Go prints a number with an exponent.
_PLACES = range(-4, 6)
_PLAIN = "plain"
_PLACEHOLDER = re.compile(r"\W*(FIXME|CHANGEME|TODO)\W*", re.IGNORECASE)


@dataclass(frozen=True)
class Scalar:
    """One value of a values file: what stands there, what Go makes of it, and the file."""

    text: str = field(repr=False)
    value: str | bool | float | None = field(repr=False)
    file: str = ""

    @classmethod
    def read(cls, text: str, *, quoted: bool, file: str = "") -> Scalar:
        """A scalar as Go reads it; what is in quotes is text."""
        return cls(text, text if quoted else _resolved(text), file)

    @property
    def rendered(self) -> str:
        """What a template prints of it."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return _printed(self.value) if isinstance(self.value, int | float) else self.value or ""

    @property
    def true(self) -> bool:
        """What a template's `if` makes of it; a text such as "false" is true."""
        return bool(self.value)

    @property
    def given(self) -> str:
        """The text that somebody wrote, empty where that is nothing."""
        return "" if self.value is None else self.text


def is_placeholder(value: Scalar) -> bool:
    """Whether somebody meant to fill it in later."""
    return _PLACEHOLDER.fullmatch(value.text) is not None


def read_values(text: str, file: str) -> Any:
    """The mappings and lists of a values file, with a ``Scalar`` at each end; None for an empty text.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    root = yaml.compose(text, Loader=_Loader)
    return None if root is None else _value(root, file)


def native(tree: Any) -> Any:
    """The same with plain values at the ends."""
    if isinstance(tree, dict):
        return {key: native(item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [native(item) for item in tree]
    return tree.value if isinstance(tree, Scalar) else tree


class _Loader(yaml.CBaseLoader):
    def resolve(self, kind: type, value: Any, implicit: Any) -> str:
        """Tells scalars without quotes and tag from all others."""
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]


def _value(node: yaml.Node, file: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _PLAIN and key.value == "<<":
                merged = [_value(each, file) for each in _sources(value)]
                found = {name: item for each in reversed(merged) for name, item in each.items()} | found
            else:
                found[str(key.value)] = _value(value, file)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, file) for item in node.value]
    return Scalar.read(node.value, quoted=node.tag != _PLAIN, file=file)


def _sources(node: yaml.Node) -> list[yaml.Node]:
    """The mappings that a `<<` names."""
    given = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return [each for each in given if isinstance(each, yaml.MappingNode)]


def _resolved(text: str) -> str | bool | float | None:
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if text in _NULL:
        return None
    plain = text.replace("_", "") if text[0] in "+-0123456789" else text
    if match := _INT.fullmatch(plain):
        sign, digits = match.groups()
        prefix = digits[1:2].lower()
        octal = len(digits) > 1 and digits[0] == "0" and prefix not in _BASES
        value = int(digits[2:], _BASES[prefix]) if prefix in _BASES else int(digits, 8 if octal else 10)
        return -value if sign == "-" else value
    number = float(plain) if _FLOAT.fullmatch(plain) else inf
    return number if isfinite(number) else text


def _printed(number: float) -> str:
    """A number as Go's `%v` prints it."""
    if number == 0:
        return "0"
    exact = Decimal(repr(float(number))).normalize()
    sign, digits, exponent = exact.as_tuple()
    text = "".join(map(str, digits))
    power = len(text) + int(exponent) - 1
    if power in _PLACES:
        return f"{exact:f}"
    mantissa = text[0] + (f".{text[1:]}" if text[1:] else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
