"""Ask the API server what the user of a kubeconfig may do; every authenticated user may ask that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi

__all__ = ["may", "rules_in"]

_API = "/apis/authorization.k8s.io/v1"


def may(api: KubernetesApi, **attributes: str) -> bool:
    """True if the user may do it; ``attributes`` are ``verb``, ``resource``, ``group`` and ``namespace``.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    return bool(_reviewed(api, "SelfSubjectAccessReview", {"resourceAttributes": attributes}).get("allowed"))


def rules_in(api: KubernetesApi, namespace: str) -> Sequence[Mapping[str, Any]]:
    """The rules for resources that allow the user something in a namespace; mostly not all of them.

    Not every authorizer of an API server can list its rules, as that of nodes cannot.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    return list(_reviewed(api, "SelfSubjectRulesReview", {"namespace": namespace}).get("resourceRules") or ())


def _reviewed(api: KubernetesApi, kind: str, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
    answer = api.call("POST", f"{_API}/{kind.lower()}s", body=body)
    # Something that is no API server may answer with any JSON.
    status = answer.get("status") if isinstance(answer, Mapping) else None
    return status if isinstance(status, Mapping) else {}
