"""The stack file's settings of Argo CD, as the ConfigMaps and the Ingress that Argo CD's guide describes."""

from __future__ import annotations

import json

from panda_infra.argocd.install.manifests import Manifest
from panda_infra.config.argocd import ArgoCd, Login
from panda_infra.config.delivery import Exposure
from panda_infra.plan.argocd import ArgoCdPlan
from panda_infra.plan.argocd_names import READER, TLS_SECRET

__all__ = ["CLIENT_SECRET", "config_maps", "ingress"]

CLIENT_SECRET = "oidc.clientSecret"  # noqa: S105 - the key, not the value
"""Key of the client's secret in `argocd-secret`."""

_OPERATOR, _READONLY = "role:admin", "role:readonly"  # roles that Argo CD has
_SCOPES = ["openid", "profile", "email"]


def config_maps(plan: ArgoCdPlan, argocd: ArgoCd) -> dict[str, dict[str, str]]:
    """The data of each ConfigMap, by its name; Argo CD's defaults apply to the rest."""
    return {
        "argocd-cm": _general(plan, argocd),
        # TLS ends at the Ingress.
        "argocd-cmd-params-cm": {"server.insecure": "true"},
        "argocd-rbac-cm": _roles(argocd),
    }


def _general(plan: ArgoCdPlan, argocd: ArgoCd) -> dict[str, str]:
    # By annotations: a label would also claim the objects that Helm or a StatefulSet makes.
    data = {"application.resourceTrackingMethod": "annotation"}
    if plan.host:
        data["url"] = f"https://{plan.host}"
    if argocd.login is None:
        return data | {f"accounts.{READER}": "login"}
    return data | {"admin.enabled": "false", "oidc.config": _oidc(plan, argocd.login)}


def _oidc(plan: ArgoCdPlan, login: Login) -> str:
    """The client's settings; as JSON, which is YAML too."""
    settings: dict[str, object] = {
        "name": "IAM",
        "issuer": plan.issuer,
        "clientID": login.client_id,
        "clientSecret": f"${CLIENT_SECRET}",
        "requestedScopes": _SCOPES,
    }
    if login.groups_in == "userinfo":
        settings |= {
            "enableUserInfoGroups": True,
            # Argo CD only puts it behind the issuer.
            "userInfoPath": "userinfo" if str(plan.issuer).endswith("/") else "/userinfo",
            "userInfoCacheExpiration": "5m",
        }
    return json.dumps(settings, indent=2)


def _roles(argocd: ArgoCd) -> dict[str, str]:
    data = {"policy.default": _READONLY}
    if argocd.login is None:
        return data
    policy = "".join(f"g, {group}, {_OPERATOR}\n" for group in argocd.operators)
    return data | {"policy.csv": policy, "scopes": json.dumps([argocd.login.groups_claim])}


def ingress(host: str, exposure: Exposure) -> Manifest:
    """The Ingress at which TLS ends, as in upstream's guide."""
    backend = {"service": {"name": "argocd-server", "port": {"number": 80}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": "argocd-server",
            "annotations": {"nginx.ingress.kubernetes.io/backend-protocol": "HTTP", **exposure.annotations},
        },
        "spec": {
            "ingressClassName": exposure.class_name,
            "tls": [{"hosts": [host], "secretName": TLS_SECRET}],
            "rules": [
                {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
            ],
        },
    }
