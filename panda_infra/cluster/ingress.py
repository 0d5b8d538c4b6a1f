"""Settings of the ingress controller that CERN's Magnum installs."""

from __future__ import annotations

import pulumi

from panda_infra.kubernetes_resources import KubernetesObject, KubernetesProvider

__all__ = ["CONFIG_MAP", "RISK", "SETTINGS", "ingress_settings"]

_NAMESPACE, _NAME = "kube-system", "cern-magnum-ingress-nginx-controller"
CONFIG_MAP = f"{_NAMESPACE}/{_NAME}"
# The Ingresses of PanDA's charts have snippets; the controller expects the text "true", not a boolean.
RISK = "annotations-risk-level"
SETTINGS = {"allow-snippet-annotations": "true"}


def ingress_settings(
    provider: KubernetesProvider, *, snippet_risk: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> KubernetesObject:
    """Allow snippets in Ingresses by a patch of the ConfigMap, which a destroy reverts.

    ``snippet_risk`` is the risk level that the controller's version needs for them, or empty. The ConfigMap
    must exist: on a new cluster `ClusterAccess` waits for it.
    """
    metadata = {
        "name": _NAME,
        "namespace": _NAMESPACE,
        # With a field manager of its own, the patch leaves the fields of other writers alone.
        "annotations": {"pulumi.com/patchFieldManager": "panda-infra-ingress"},
    }
    return KubernetesObject(
        "ConfigMapPatch",
        "ingress-settings",
        {"metadata": metadata, "data": pulumi.Output.from_input(snippet_risk).apply(_settings)},
        pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider)),
    )


def _settings(snippet_risk: str) -> dict[str, str]:
    return {**SETTINGS, **({RISK: snippet_risk} if snippet_risk else {})}
