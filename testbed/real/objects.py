"""Additional objects of a cluster with real nodes: the choice of pods that run there, the API server's endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterable

from testbed.api import Api, Object
from testbed.real import network
from testbed.real.machines import LABEL

API_SERVER_OPTIONS = (
    "--feature-gates=MutatingAdmissionPolicy=true",
    "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
)

_ADMISSION = "/apis/admissionregistration.k8s.io/v1beta1"
_SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
_NAME = "real-nodes.testbed.panda-infra"
# A test machine is too small for the charts' requests; limits stay.
_REQUESTS = '{"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "0"}'


def install(api: Api, images: Iterable[str] | None, elsewhere: Iterable[str]) -> None:
    """Sends every new pod with images only from ``images`` to the real nodes, and no other.

    Args:
        api: the cluster's API.
        images: the available images; None if all are available.
        elsewhere: names of containers whose pods stay simulated all the same.
    """
    api.create(_SLICES, endpoints())
    api.create(f"{_ADMISSION}/mutatingadmissionpolicies", policy(images, elsewhere))
    api.create(f"{_ADMISSION}/mutatingadmissionpolicybindings", binding())


def endpoints() -> Object:
    """The API server's endpoint for nodes and pods: the gateway."""
    labels = {"kubernetes.io/service-name": "kubernetes", "endpointslice.kubernetes.io/managed-by": "testbed"}
    return {
        "metadata": {"name": "kubernetes", "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [network.GATEWAY], "conditions": {"ready": True}}],
        "ports": [{"name": "https", "port": network.API_PORT, "protocol": "TCP"}],
    }


def policy(images: Iterable[str] | None, elsewhere: Iterable[str]) -> Object:
    """The policy that selects the real nodes for a pod, tolerates their taint and lowers its requests."""
    path = LABEL.replace("/", "~1")
    toleration = f'{{"key": "{LABEL}", "operator": "Exists"}}'
    return {
        "metadata": {"name": _NAME},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ]
            },
            "matchConditions": [] if images is None else _conditions(images, elsewhere),
            "mutations": [
                {
                    "patchType": "JSONPatch",
                    "jsonPatch": {
                        "expression": f"""
[has(object.spec.nodeSelector)
 ? JSONPatch{{op: "add", path: "/spec/nodeSelector/{path}", value: "true"}}
 : JSONPatch{{op: "add", path: "/spec/nodeSelector", value: {{"{LABEL}": "true"}}}},
 has(object.spec.tolerations)
 ? JSONPatch{{op: "add", path: "/spec/tolerations/-", value: {toleration}}}
 : JSONPatch{{op: "add", path: "/spec/tolerations", value: [{toleration}]}}]"""
                    },
                },
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {
                        "expression": f"""
Object{{spec: Object.spec{{containers: object.spec.containers.map(c,
  Object.spec.containers{{name: c.name,
    resources: Object.spec.containers.resources{{requests: {_REQUESTS}}}}})}}}}"""
                    },
                },
            ],
        },
    }


def _conditions(images: Iterable[str], elsewhere: Iterable[str]) -> list[Object]:
    known, away = json.dumps(sorted(images)), json.dumps(sorted(elsewhere))
    initial = "(has(object.spec.initContainers) ? object.spec.initContainers : [])"
    return [
        {"name": "images", "expression": f"object.spec.containers.all(c, c.image in {known})"},
        {"name": "names", "expression": f"!object.spec.containers.exists(c, c.name in {away})"},
        {"name": "initial", "expression": f"{initial}.all(c, c.image in {known})"},
    ]


def binding() -> Object:
    """The binding that activates the policy."""
    return {"metadata": {"name": _NAME}, "spec": {"policyName": _NAME}}
