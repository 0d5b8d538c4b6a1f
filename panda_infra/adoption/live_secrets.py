"""The live Secrets: the values that pods use, and their differences from the stack's."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from panda_infra.config.paths import Path
from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import uses
from panda_infra.products.content import SecretContent
from panda_infra.products.model import SecretUse
from panda_infra.secrets.build import build
from panda_infra.secrets.fields import fields
from panda_infra.secrets.generate import stand_ins, with_values

__all__ = ["SecretDifference", "differences", "live_values"]

Live = Mapping[str, Mapping[str, bytes]]


@dataclass(frozen=True, order=True)
class SecretDifference:
    """A key of a Secret that differs between cluster and stack; never the values.

    ``seen`` is when pods see the change: at once, or at their next start.
    """

    secret: str
    key: str
    what: str
    seen: str


def live_values(config: StackConfig, live: Live) -> dict[Path, str]:
    """The stack's secret values that are the whole content of a key in a live Secret, by their paths.

    Each value is replaced by a unique mark; the key whose content is the mark is the value's place.
    """
    marks = {
        field.path: f"mark{secrets.token_hex(12)}"
        for field in fields(config)
        if field.secrets and not field.is_file
    }
    marked = with_values(stand_ins(config), marks)
    contents = build(config.model_copy(update={"secrets": marked}))
    places = {
        value: (suffix, key) for suffix, content in contents.items() for key, value in content.data.items()
    }
    found: dict[Path, str] = {}
    for path, mark in marks.items():
        suffix, key = places.get(mark.encode(), ("", ""))
        if value := live.get(suffix, {}).get(key):
            found[path] = value.decode(errors="replace")
    return found


def differences(
    config: StackConfig, contents: Mapping[str, SecretContent], live: Live
) -> Iterator[SecretDifference]:
    """Every key that the stack would change, add or leave unmanaged."""
    for suffix, content in contents.items():
        read = [use for _, use in uses(config) if use.suffix == suffix]
        present = live.get(suffix)
        if present is None:
            yield SecretDifference(suffix, "", "is not there yet", _seen(read, ""))
            continue
        for key in sorted({*content.data, *present}):
            seen = _seen(read, key)
            if key not in content.data:
                yield SecretDifference(suffix, key, "only in the cluster, where it stays", seen)
            elif key not in present:
                yield SecretDifference(suffix, key, "only in the stack", seen)
            elif content.data[key] != present[key]:
                yield SecretDifference(suffix, key, "differs", seen)


def _seen(read: Sequence[SecretUse], key: str) -> str:
    """The time when pods see a new content of a Secret's key."""
    return "at once" if any(not use.reads_at_start(key) for use in read) else "at the pods' next start"
