"""The readers of secrets, for people: as a list, and what a change does to them."""

from __future__ import annotations

from collections.abc import Iterable

from panda_infra.cli.output import line, warn
from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import uses
from panda_infra.secrets.fields import Field

__all__ = ["listed", "tell_consequences"]

# More parts of one component are counted: DIRAC has 37, which all read the same.
_NAMED = 6


def listed(readers: Iterable[str]) -> str:
    """The readers, each COMPONENT/PART, with commas; of a component with many of them the number."""
    parts: dict[str, list[str]] = {}
    for reader in readers:
        parts.setdefault(reader.partition("/")[0], []).append(reader)
    words = (
        f"{component} ({len(found)} parts)" if len(found) > _NAMED else ", ".join(found)
        for component, found in parts.items()
    )
    return ", ".join(words)


def tell_consequences(changed: Iterable[Field], config: StackConfig) -> None:
    """Print the effects of these values at the next ``pulumi up``."""
    restarted: dict[str, None] = {}
    live: dict[str, None] = {}
    for field in changed:
        suffixes = field.reaches(config).keys()
        key = str(field.path[-1]) if field.path[0] == "files" else ""
        for reader, use in uses(config):
            if use.suffix in suffixes or field.path == ("hashKey",):
                (restarted if use.reads_at_start(key) else live)[str(reader)] = None
        if field.consequence:
            warn(f"{field.key}: {field.consequence}")
    live = {name: None for name in live if name not in restarted}
    line(f"rolled by the next up: {listed(restarted) or 'no pods'}")
    if live:
        line(f"re-read without a restart: {listed(live)}")
