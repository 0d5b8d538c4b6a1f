"""Databases of an operator as Kubernetes resources."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

import pulumi

from panda_infra.config.postgres import PostgresSecrets
from panda_infra.delivery.secrets import encoded, own_secret
from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.model import Plan
from panda_infra.plan.postgres import (
    ARCHIVE_KEYS,
    ARCHIVE_SECRET,
    OTHER_SECRET,
    Operated,
    login_secret,
    operated,
    postgres_objects,
    resource_name,
)
from panda_infra.products.content import OPAQUE, SecretContent

__all__ = ["PostgresResources", "archive_keys", "login", "other_keys"]


class PostgresResources(pulumi.ComponentResource):
    """Every object of the section `postgres`; ``of`` has those that a component waits for.

    The databases of a protected stack stay when the stack file drops them, because they hold data.
    """

    def __init__(
        self,
        plan: Plan,
        secrets: PostgresSecrets,
        contents: Mapping[str, SecretContent],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("panda-infra:delivery:Postgres", "postgres")
        self._plan = plan
        self._opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self))
        self.of: dict[str, list[pulumi.Resource]] = {}
        made = []
        if plan.config.postgres and plan.config.postgres.backup:
            made.append(self._secret(ARCHIVE_SECRET, OPAQUE, archive_keys(secrets)))
            if plan.config.standby and plan.config.standby.archive:
                made.append(self._secret(OTHER_SECRET, OPAQUE, other_keys(secrets)))
        for each in operated(plan):
            kind = "kubernetes.io/basic-auth"
            made.append(self._secret(login_secret(each), kind, login(each, contents)))
        stays = pulumi.ResourceOptions(retain_on_delete=plan.config.lifecycle.protect)
        for component, wanted in postgres_objects(plan):
            opts = pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=list(made)))
            kept = stays if wanted.kind == "Cluster" else None
            resource = KubernetesObject(
                wanted.kind,
                resource_name(wanted.name),
                {"apiVersion": wanted.api, **wanted.fields},
                pulumi.ResourceOptions.merge(opts, kept),
            )
            made.append(resource)
            if component:
                self.of.setdefault(component, []).append(resource)
        self.register_outputs({})

    def _secret(self, name: str, kind: str, data: Mapping[str, str]) -> KubernetesObject:
        # The operator follows changes of such Secrets alone.
        labels = {"cnpg.io/reload": "true"}
        return own_secret(self._plan, resource_name(name), name, data, self._opts, kind=kind, labels=labels)


def login(each: Operated, contents: Mapping[str, SecretContent]) -> dict[str, str]:
    """User and password as the component's own Secret has them, encoded as the API has it."""
    data = contents[each.database.secret].data
    return {
        name: b64encode(data[key]).decode()
        for name, key in (("username", each.database.user), ("password", each.database.password))
    }


def archive_keys(secrets: PostgresSecrets) -> dict[str, str]:
    """The credentials of the bucket, encoded as the API has it."""
    return encoded(dict(zip(ARCHIVE_KEYS, (secrets.access_key, secrets.secret_key), strict=True)))


def other_keys(secrets: PostgresSecrets) -> dict[str, str]:
    """The credentials of the bucket of the other stack, likewise."""
    return encoded(dict(zip(ARCHIVE_KEYS, (secrets.other_access_key, secrets.other_secret_key), strict=True)))
