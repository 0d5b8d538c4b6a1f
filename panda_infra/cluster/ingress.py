"""Settings of the ingress controller that CERN's Magnum installs."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.core.v1 import ConfigMapPatch
from pulumi_kubernetes.meta.v1 import ObjectMetaPatchArgs

__all__ = ["CONFIG_MAP", "SETTINGS", "ingress_settings"]

_NAMESPACE, _NAME = "kube-system", "cern-magnum-ingress-nginx-controller"
CONFIG_MAP = f"{_NAMESPACE}/{_NAME}"
# The Ingresses of PanDA's charts carry snippets; the controller takes the text "true", not a boolean.
SETTINGS = {"allow-snippet-annotations": "true"}


def ingress_settings(provider: kubernetes.Provider, *, opts: pulumi.ResourceOptions) -> ConfigMapPatch:
    """Allow snippets in Ingresses, beside whatever else the ConfigMap says; taken back on destroy.

    The ConfigMap must be there: on a new cluster `ClusterAccess` waits for it.
    """
    return ConfigMapPatch(
        "ingress-settings",
        metadata=ObjectMetaPatchArgs(
            name=_NAME,
            namespace=_NAMESPACE,
            # A field manager of its own, so that no other writer's fields are taken or given back.
            annotations={"pulumi.com/patchFieldManager": "panda-infra-ingress"},
        ),
        data=SETTINGS,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider)),
    )
