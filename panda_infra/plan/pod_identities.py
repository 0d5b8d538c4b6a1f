"""The identities of charts' pods for others: a ServiceAccount for the API, a Secret for the registry of their images.

Pods that need no access to the API get accounts without a token, where their chart does not keep that out (C43). The
namespace's own account `default` may belong to somebody else, so that it is not changed.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from panda_infra.config.registry import RegistrySecrets
from panda_infra.plan.model import Plan
from panda_infra.products.content import reveal
from panda_infra.products.registry import COMPONENTS

__all__ = ["KIND", "account", "accounts", "pull_secret", "pull_secrets"]

KIND = "kubernetes.io/dockerconfigjson"
"""The type of the Secret."""


def pull_secrets(plan: Plan) -> frozenset[str]:
    """The names of the Secrets that pods name for the pull of their images: one or none."""
    return frozenset({plan.config.pull_secret} if plan.config.pull else ())


def pull_secret(plan: Plan, secrets: RegistrySecrets) -> dict[str, str]:
    """The content of the Secret, encoded as the API has it; empty if the registry asks for no log-in."""
    registry = plan.config.registry
    if registry is None or not registry.login:
        return {}
    user, password = reveal(secrets.pull_user), reveal(secrets.pull_password)
    entry = {
        "username": user,
        "password": password,
        "auth": b64encode(f"{user}:{password}".encode()).decode(),
    }
    document = json.dumps({"auths": {registry.prefix.partition("/")[0]: entry}})
    return {".dockerconfigjson": b64encode(document.encode()).decode()}


def accounts(plan: Plan) -> tuple[str, ...]:
    """The names of the accounts: one for each release whose component has its own."""
    return tuple(each.name for each in plan.releases if COMPONENTS[each.component].own_account)


def account(plan: Plan, name: str) -> dict[str, Any]:
    """The fields of such an account, which has neither a token nor a right."""
    metadata = {"name": name, "namespace": plan.config.namespace, "annotations": plan.owner.mark}
    return {"metadata": metadata, "automountServiceAccountToken": False}
