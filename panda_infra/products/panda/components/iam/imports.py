"""INDIGO IAM's part of an import."""

from __future__ import annotations

from panda_infra.products.imports import Folder, Imports
from panda_infra.products.migrated import Outcome
from panda_infra.tree import Values, value_at

__all__ = ["IMPORTS"]

_SETTINGS = ("components", "iam", "settings")


def _finish(_values: Values, outcome: Outcome) -> None:
    """Keep the profile oidc only with an identity provider, because IAM needs both together."""
    where = outcome.origin((*_SETTINGS, "profiles"))
    settings: Values = value_at(outcome.sections, _SETTINGS, {})
    given, provided = "oidc" in settings.get("profiles", ()), "identityProvider" in settings
    if given and not provided:
        settings["profiles"].remove("oidc")
        why = "oidc is of no use without an identity provider, which the checkout does not contain"
        outcome.settle(*where, why)
    elif provided and not given and "profiles" in settings:
        outcome.miss(*where, "does not name oidc, which a stack with an identity provider always has")


IMPORTS = Imports(
    texts={
        "base_url": "baseUrl",
        "database.host": "database.host",
        "database.name": "database.name",
        "database.user": "database.user",
        "cilogon.client_id": "identityProvider.clientId",
    },
    words={"profiles": "profiles"},
    secrets={
        "database.password": "databasePassword",
        "cilogon.client_secret": "identityProviderSecret",
    },
    finish=_finish,
    settled={"database.root_password": "only fills a Secret that no chart reads"},
    fixed={"port": "8443"},
    may_be_empty=("database.host",),
    derived=(("baseUrl",), ("profiles",)),
    folders={
        "iam_certs": Folder(flat=True, certificate=True),
        "iam_conf": Folder(flat=True, values={"iam-keystore.jwks": "keystore"}),
    },
)
