"""The Secret by which nodes log in at the registry of a stack's images."""

from __future__ import annotations

import json
from base64 import b64encode

from panda_infra.config.registry import RegistrySecrets
from panda_infra.plan.model import Plan
from panda_infra.products.content import reveal

__all__ = ["KIND", "pull_secret", "pull_secrets"]

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
