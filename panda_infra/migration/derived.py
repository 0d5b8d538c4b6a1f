"""Removes values that the program derives, but only if all Secrets and all charts' values stay the same."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from panda_infra.config.paths import Path
from panda_infra.config.stack import StackConfig
from panda_infra.migration.checkout import Tree
from panda_infra.migration.outcome import Outcome
from panda_infra.plan.make import make_plan
from panda_infra.secrets.build import build

__all__ = ["leave_out"]

_DISCOVERY = "/.well-known/openid-configuration"
# The order matters: a discovery document is removed before the issuer that it is derived from.
_DERIVED: tuple[Path, ...] = (
    ("auth", "configUrl"),
    ("auth", "issuer"),
    ("auth", "audience"),
    ("auth", "internal", "configUrl"),
    ("auth", "internal", "tokenEndpoint"),
    ("auth", "tokenCache", "tokenEndpoint"),
    ("components", "ui", "settings", "issuer"),
    ("components", "bigmon", "settings", "vo"),
    ("components", "bigmon", "settings", "deployment"),
    ("components", "bigmon", "settings", "database", "backend"),
    ("components", "bigmon", "settings", "providers", "indigoiam", "basePath"),
    ("components", "iam", "settings", "baseUrl"),
    ("components", "iam", "settings", "profiles"),
    ("rucio", "authHost"),
    ("rucio", "username"),
)


def leave_out(outcome: Outcome) -> None:
    """Remove every derived value from the sections; one issuer replaces many addresses of it."""
    _name_issuer(outcome.sections)
    wanted = _results(outcome.sections)
    clients = range(len(outcome.sections.get("auth", {}).get("clients", ())))
    of_clients = [("auth", "clients", i, key) for i in clients for key in ("audience", "configUrl")]
    for path in (*_DERIVED[:3], *of_clients, *_DERIVED[3:]):
        trial = deepcopy(outcome.sections)
        if _remove(trial, path) and wanted is not None and _results(trial) == wanted:
            outcome.sections = trial


def _name_issuer(sections: Tree) -> None:
    """Set the issuer of the discovery document, unless it is the stack's own IAM.

    Readers compare a token's issuer as text, and IAM's own ends with a slash, so that one is not set here.
    """
    auth = sections.get("auth", {})
    discovery = auth.get("configUrl", "")
    issuer = discovery.removesuffix(_DISCOVERY)
    own = sections["components"].get("iam", {}).get("settings", {}).get("baseUrl", "")
    host = sections.get("hosts", {}).get("iam")
    addresses = {own.rstrip("/")} if own else {f"https://{host}"} if host else set()
    if issuer != discovery and not ("iam" in sections["components"] and issuer in addresses):
        auth["issuer"] = issuer


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
