"""The ServiceAccounts of pods that need no access to the API, where their chart does not keep its token out (C43).

The namespace's own account `default` may belong to somebody else, so that it is not changed.
"""

from __future__ import annotations

from typing import Any

from panda_infra.plan.model import Plan
from panda_infra.products.registry import COMPONENTS

__all__ = ["account", "accounts"]


def accounts(plan: Plan) -> tuple[str, ...]:
    """The names of the accounts: one for each release whose component has its own."""
    return tuple(each.name for each in plan.releases if COMPONENTS[each.component].own_account)


def account(plan: Plan, name: str) -> dict[str, Any]:
    """The fields of such an account, which has neither a token nor a right."""
    metadata = {"name": name, "namespace": plan.config.namespace, "annotations": plan.owner.mark}
    return {"metadata": metadata, "automountServiceAccountToken": False}
