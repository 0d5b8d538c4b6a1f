"""Cross-field rules: what no single key can tell, judged before anything is touched.

Each module judges one topic as a pure function and names the sections that it reads.
"""

from __future__ import annotations

from collections.abc import Collection
from types import ModuleType

from panda_infra.catalog.components import COMPONENTS
from panda_infra.config.paths import Path, spelled
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.rules.book import (
    adopted,
    aliases,
    broker,
    cluster,
    components,
    databases,
    experiment,
    exposure,
    hosts,
    iam,
    images,
    issuers,
    leaks,
    lifecycle,
    names,
    outside,
    ports,
    replicas,
    strings,
    volumes,
)
from panda_infra.rules.book import chart_values as values
from panda_infra.rules.book import reservations as resources

__all__ = ["RULES", "check"]

RULES: tuple[ModuleType, ...] = (
    adopted,
    aliases,
    broker,
    cluster,
    components,
    databases,
    experiment,
    exposure,
    hosts,
    iam,
    images,
    issuers,
    leaks,
    lifecycle,
    names,
    outside,
    ports,
    replicas,
    resources,
    strings,
    values,
    volumes,
)


def check(config: StackConfig, *, stack: str, broken: Collection[Path] = ()) -> list[Problem]:
    """Every rule that a configuration breaks.

    ``broken`` are paths whose value was refused before and is missing from ``config``: rules that read their
    section are left out, except that one broken component hides no rule about the others.
    """
    sections = {path[0] for path in broken if path} - {"components"}
    if ("components",) in broken:
        sections.add("components")
    problems = [
        problem
        for rule in RULES
        if sections.isdisjoint(rule.READS)
        for problem in rule.check(config, stack=stack)
        if not _doubtful(problem.where, broken)
    ]
    return list(dict.fromkeys(problems))


def _doubtful(where: str, broken: Collection[Path]) -> bool:
    """Whether a problem may be the mere consequence of something broken in the same component."""
    inside = {path[1] for path in broken if path[0] == "components" and len(path) > 1}
    if any(where.startswith(f"{spelled(('components', name))}.") for name in inside):
        return True
    # A misspelt component is no missing one.
    misspelt = any(name not in COMPONENTS for name in inside)
    return misspelt and where in {spelled(("components", name)) for name in COMPONENTS}
