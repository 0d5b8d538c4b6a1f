"""Removes values that the program derives, but only if all Secrets and all charts' values stay the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from panda_infra.config.paths import Path
from panda_infra.config.stack import StackConfig
from panda_infra.migration.checkout import Tree
from panda_infra.migration.tables import Tables
from panda_infra.plan.make import make_plan
from panda_infra.products.migrated import Outcome
from panda_infra.secrets.build import build
from panda_infra.tree import value_at

__all__ = ["leave_out"]


def leave_out(outcome: Outcome, tables: Tables) -> None:
    """Remove every derived value from the sections."""
    for owner in tables.owners:
        owner.imports.prepare(outcome.sections)
    wanted = _results(outcome.sections)
    for path in [path for target in tables.derived for path in _places(outcome.sections, target)]:
        trial = deepcopy(outcome.sections)
        if _remove(trial, path) and wanted is not None and _results(trial) == wanted:
            outcome.sections = trial


def _places(sections: Tree, target: Path) -> Iterator[Path]:
    """The places that a target stands for: one for each entry of a list."""
    if "*" not in target:
        yield target
        return
    at = target.index("*")
    for index in range(len(value_at(sections, target[:at], ()))):
        yield (*target[:at], index, *target[at + 1 :])


def _results(sections: Tree) -> object:
    """The Secrets and the plan of a stack; None if the sections are not a valid stack file."""
    try:
        config = StackConfig.model_validate_json(json.dumps(sections), by_alias=True, by_name=False)
    except ValidationError:
        return None
    plan = make_plan("import", config)
    return build(config), plan.releases, plan.secrets, plan.hosts, plan.shared_claim


def _remove(tree: Any, path: Path) -> bool:
    *parents, last = path
    for part in parents:
        tree = tree[part] if isinstance(part, int) else tree.get(part, {})
    return tree.pop(last, None) is not None
