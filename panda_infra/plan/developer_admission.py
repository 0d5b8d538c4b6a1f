"""Requests in a developer's namespace that its Role would allow, but that the API server refuses to everybody.

Snippets and other annotations configure the ingress controller, which serves all namespaces and may read their Secrets.
An Ingress or a Service may send the requests for another's host here, or the controller into another namespace. A pod
with a priority drives out those of others.
"""

from __future__ import annotations

from typing import Any

__all__ = ["admission"]


def admission(hosts: list[str]) -> dict[str, Any]:
    """The ``spec`` of a ValidatingAdmissionPolicy for a namespace whose Ingresses may have these hosts."""
    own = ", ".join(f"'{host}'" for host in hosts)
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                _writes("", "pods", "services", "persistentvolumeclaims"),
                _writes("networking.k8s.io", "ingresses"),
            ]
        },
        "validations": [
            _holds(
                "ingresses",
                _OWN_HOSTS.format(hosts=own),
                f"an Ingress here may have the hosts {own or 'of none'}",
            ),
            _holds("ingresses", f"{_ODD_NOTES}.size() == 0", _NOTES_TOLD)
            | {"messageExpression": f"'{_NOTES_TOLD}: ' + {_ODD_NOTES}.join(', ')"},
            _holds(
                "services",
                _INNER_SERVICE,
                "a Service here leads to pods of this namespace, by a cluster address",
            ),
            _holds("pods", _NO_PRIORITY, "a pod here has no priority over those of other namespaces"),
            _holds("pods", _SCHEDULED, "the scheduler chooses the node of a pod"),
            _holds(
                "persistentvolumeclaims", _NEW_VOLUME, "a claim here gets a new volume, never one that exists"
            ),
        ],
    }


_OWN_HOSTS = (
    "!has(object.spec.defaultBackend) "
    "&& object.spec.?rules.orValue([]).all(rule, rule.?host.orValue('') in [{hosts}]) "
    "&& object.spec.?tls.orValue([]).all(tls, tls.?hosts.orValue([]).all(host, host in [{hosts}]))"
)
# Annotations that the charts set and that affect no other host.
_HARMLESS = "|".join(
    (
        "auth-tls-(pass-certificate-to-upstream|verify-client|verify-depth)",
        "backend-protocol",
        "client-body-buffer-size",
        "client_max_body_size",
        "(force-)?ssl-redirect",
        "proxy-(body-size|buffer-size|(connect|read|send)-timeout)",
        "secure-backends",
        "ssl-(passthrough|prefer-server-ciphers)",
    )
)
_NOTES = "|".join(
    (
        rf"nginx\.ingress\.kubernetes\.io/({_HARMLESS})",
        r"kubernetes\.io/ingress\.class|spec\.ingressClassName",
        r"(meta\.helm\.sh|kubectl\.kubernetes\.io|argocd\.argoproj\.io)/.*",
    )
)
# An empty snippet takes the place of one that the chart has.
_ODD_NOTES = (
    "object.metadata.?annotations.orValue({}).filter(key, "
    f"(!key.matches(r'^({_NOTES})$') && !(key.endsWith('-snippet') && object.metadata.annotations[key] == '')) "
    "|| (key.startsWith('nginx.') && !object.metadata.annotations[key].matches('^[A-Za-z0-9._-]*$')))"
)
_NOTES_TOLD = "annotations here may not configure the ingress controller of all namespaces"
_INNER_SERVICE = (
    "object.spec.?type.orValue('ClusterIP') == 'ClusterIP' "
    "&& object.spec.?externalIPs.orValue([]).size() == 0"
)
_NO_PRIORITY = "object.spec.?priority.orValue(0) <= 0"
_SCHEDULED = "oldObject != null || object.spec.?nodeName.orValue('') == ''"
_NEW_VOLUME = "oldObject != null || object.spec.?volumeName.orValue('') == ''"


def _writes(group: str, *resources: str) -> dict[str, Any]:
    return {
        "apiGroups": [group],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": list(resources),
    }


def _holds(resource: str, expression: str, message: str) -> dict[str, str]:
    """A validation of one of the resources of the policy."""
    return {"expression": f"request.resource.resource != '{resource}' || ({expression})", "message": message}
