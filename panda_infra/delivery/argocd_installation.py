"""Argo CD itself as Kubernetes resources."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from panda_infra.argocd.install.accounts import CACHE_SECRET, secret_contents
from panda_infra.argocd.install.manifests import Manifest
from panda_infra.argocd.install.objects import Read, installation
from panda_infra.argocd.install.settings import config_maps
from panda_infra.config.secrets import Secrets
from panda_infra.delivery.argocd_manifests import manifests_of
from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.argocd import ArgoCdPlan, installed_argocd
from panda_infra.plan.model import Plan
from panda_infra.plan.protection import ARGOCD
from panda_infra.products.content import OPAQUE, TLS, SecretContent
from panda_infra.pulumi_sdk import accept_deep_messages
from panda_infra.secrets.rolling import keyed_hash

__all__ = ["ArgoCdInstallation"]

# The server looks at the roles in `argocd-rbac-cm` again whenever they change.
_READ_BY_SERVER = ("argocd-cm", "argocd-cmd-params-cm")
_LABELS = {"app.kubernetes.io/part-of": "argocd"}


class ArgoCdInstallation(pulumi.ComponentResource):
    """Argo CD of a plan that installs one, ready when its pods are.

    Its CRDs come first and go last: an upgrade changes them before the pods that know the new fields, and a destroy
    removes them when nothing in the namespace needs them.
    """

    def __init__(self, plan: Plan, secrets: Secrets, opts: pulumi.ResourceOptions) -> None:
        accept_deep_messages()
        super().__init__(ARGOCD, "argocd")
        argocd, described = installed_argocd(plan.config), plan.argocd
        assert argocd is not None  # noqa: S101 - callers ask the plan first
        assert described is not None  # noqa: S101 - likewise
        self._opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self))
        contents = secret_contents(described, argocd, secrets)
        objects = installation(
            plan, manifests_of(argocd), _read(secrets, contents, config_maps(described, argocd))
        )
        protected = pulumi.ResourceOptions(protect=plan.config.lifecycle.protect)
        definitions = [self._object(each, each, (), protected) for each in objects.definitions]
        namespace = self._object(objects.namespace, objects.namespace, definitions, protected)
        # Settings name keys of Secrets: Argo CD would miss them when it notices the settings first.
        kept = [self._secret(each, described, plan.owner.mark, namespace) for each in contents]
        settings = [self._object(each, each, [namespace, *kept]) for each in objects.settings]
        for each in objects.workloads:
            self._object(each, each, settings)
        self.register_outputs({"version": described.version})

    def _object(
        self,
        manifest: Manifest,
        fields: dict[str, Any],
        after: Sequence[pulumi.Resource],
        own: pulumi.ResourceOptions | None = None,
    ) -> pulumi.Resource:
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        opts = pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=list(after)))
        return KubernetesObject(kind, name, fields, pulumi.ResourceOptions.merge(opts, own))

    def _secret(
        self, content: SecretContent, plan: ArgoCdPlan, mark: dict[str, str], namespace: pulumi.Resource
    ) -> pulumi.Resource:
        metadata = {
            "name": content.suffix,
            "namespace": plan.namespace,
            "labels": {**_LABELS, "app.kubernetes.io/name": content.suffix},
            "annotations": mark,
        }
        encoded = {key: b64encode(value).decode() for key, value in content.data.items()}
        fields = {"metadata": metadata, "type": content.type, "data": pulumi.Output.secret(encoded)}
        own = pulumi.ResourceOptions(delete_before_replace=True)
        return self._object({"kind": "Secret", **fields}, fields, [namespace], own)


def _read(
    secrets: Secrets, contents: Sequence[SecretContent], settings: Mapping[str, Mapping[str, str]]
) -> Read:
    """The hashes of what pods read at their start; the ingress controller reads the certificate."""
    cache = [content for content in contents if content.suffix == CACHE_SECRET]
    own = [content for content in contents if content.type != TLS]
    plain = [
        SecretContent(name, OPAQUE, {key: text.encode() for key, text in settings[name].items()})
        for name in _READ_BY_SERVER
    ]
    return Read(keyed_hash(secrets.hash_key, cache), keyed_hash(secrets.hash_key, [*own, *plain]))
