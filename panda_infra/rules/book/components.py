"""Rule about deployed components and those that they need."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import sub_components

__all__ = ["check"]


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """A stack must deploy a component, with all that it needs, and without switching off a required part."""
    config = subject.config
    deployed = config.components.deployed()
    if not deployed:
        what = f"stack {subject.stack} deploys nothing"
        yield Problem("components", what, "Name what it deploys, e.g. `components: {msgsvc: {}, panda: {}}`.")
    for need in dict.fromkeys(need for name in deployed for need in COMPONENTS[name].needs):
        if need not in deployed:
            users = ", ".join(name for name in deployed if need in COMPONENTS[name].needs)
            what = f"is missing, and needed by {users}"
            yield Problem(f"components.{need}", what, f"Add `{need}: {{}}`, or remove {users}.")
    for sub in sub_components(config):
        if sub.runs:
            continue
        where = f"{sub.where}.enabled"
        if not sub.spec.switchable:
            what = f"{sub.name} cannot be switched off: its chart has no switch for it"
            yield Problem(where, what, "Remove this key.")
        elif not sub.may_be_off:
            what = f"{sub.component.name} is of no use without its {sub.spec.name}"
            yield Problem(where, what, f"Remove this key, or {sub.component.name} as a whole.")
