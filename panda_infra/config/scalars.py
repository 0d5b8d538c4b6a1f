"""Reads values files as Helm does: the type of each scalar, and the text that a template prints for it.

Helm reads YAML 1.1 with Go's reader and passes it through JSON, so `off`, `n` and `False` are false, `0123` is 83 and a
number of seven digits prints with an exponent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from panda_infra.config import go_yaml, yaml_nodes
from panda_infra.config.go_yaml import resolved

__all__ = ["Scalar", "is_placeholder", "native", "read_values"]

# Go prints numbers outside this range of powers of ten with an exponent.
_PLACES = range(-4, 6)
_PLACEHOLDER = re.compile(r"\W*(FIXME|CHANGEME|TODO)\W*", re.IGNORECASE)


@dataclass(frozen=True)
class Scalar:
    """One value of a values file: its text, Go's value for it, and the file."""

    text: str = field(repr=False)
    value: str | bool | float | None = field(repr=False)
    file: str = ""

    @classmethod
    def read(cls, text: str, *, quoted: bool, file: str = "") -> Scalar:
        """A scalar as Go reads it; a quoted one is text."""
        return cls(text, text if quoted else resolved(text), file)

    @property
    def rendered(self) -> str:
        """The text that a template prints."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        return _printed(self.value) if isinstance(self.value, int | float) else self.value or ""

    @property
    def true(self) -> bool:
        """The value's truth in a template's `if`; a text such as "false" is true."""
        return bool(self.value)

    @property
    def given(self) -> str:
        """The text in the file; empty for null."""
        return "" if self.value is None else self.text


def is_placeholder(value: Scalar) -> bool:
    """Return whether the value is a placeholder such as FIXME."""
    return _PLACEHOLDER.fullmatch(value.text) is not None


def read_values(text: str, file: str) -> Any:
    """The mappings and lists of a values file, with a ``Scalar`` at each end; None for an empty text.

    Raises:
        yaml.YAMLError: it is not YAML, or not YAML that Helm accepts.
    """
    root = yaml_nodes.compose(text)

    def scalar(node: yaml.ScalarNode) -> Scalar:
        return Scalar.read(node.value, quoted=node.tag != yaml_nodes.PLAIN, file=file)

    return None if root is None else go_yaml.build(root, scalar)


def native(tree: Any) -> Any:
    """The same tree with plain values instead of scalars."""
    if isinstance(tree, dict):
        return {key: native(item) for key, item in tree.items()}
    if isinstance(tree, list):
        return [native(item) for item in tree]
    return tree.value if isinstance(tree, Scalar) else tree


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
