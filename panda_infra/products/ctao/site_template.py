"""The content of new files: a data centre's site and stacks, to be filled in by the site, and a developer's stack."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from panda_infra.products.ctao.experiments import EXPERIMENTS
from panda_infra.products.ctao.interfaces import Interfaces
from panda_infra.products.ctao.rules.interfaces import fixtures

__all__ = ["TEMPLATE", "in_environment", "initial"]

TEMPLATE: Mapping[str, Any] = MappingProxyType(
    {
        "cluster": {"kind": "existing"},
        "storage": {"class": "<storage class of volumes>"},
        "exposure": {"passthrough": True},
        "charts": {"kind": "oci", "repository": "oci://<registry with copies of the charts>"},
        "certificates": {
            "kind": "cert-manager",
            "clusterIssuer": "<ClusterIssuer of the cluster>",
            "authorities": "<PEM of its authorities>",
        },
        "monitoring": {
            "kind": "prometheusOperator",
            "namespace": "<namespace of Prometheus>",
            "labels": {"release": "<label `release` that its operator looks for>"},
        },
        "networkPolicies": {
            "kind": "standard",
            "ingressNamespaces": ["<namespace of the ingress controller>"],
            "apiServer": ["<network of the API server>"],
        },
        # No section `backup`: databases of a site are outside of the stack, and their owner makes the backups.
        "interfaces": {
            "storage": {"kind": "external", "hosts": ["<host of a storage element>"]},
            "ce": {"kind": "external", "hosts": ["<host of a computing element>"]},
            "iam": {"kind": "external", "url": "https://<host of IAM>"},
            "fts": {
                "kind": "external",
                "url": "https://<host of FTS>:8446",
                "trust": "<PEM of the authorities of FTS and storages>",
            },
        },
    }
)


_OF_TESTS: Mapping[str, Any] = MappingProxyType(
    {
        "diracx": {"settings": {"organisations": {"ctao": {"client": "dpps"}}}},
        "rucio-daemons": {"settings": {"transferTool": "mock"}},
    }
)


def initial(experiment: str, components: Collection[str]) -> Mapping[str, Any]:
    """The sections of a developer's stack, which needs nothing outside; a site's stack has a template of its own."""
    if not EXPERIMENTS[experiment].on_test_bed:
        return {}
    used = {
        str(Interfaces.model_fields[field].alias): {"kind": "fixture"}
        for field, name in fixtures().items()
        if name in components
    }
    return {
        "components": {name: _OF_TESTS.get(name, {}) for name in components},
        "interfaces": {"environment": "local", **used},
        "certificates": {"kind": "generated"},
        "lifecycle": {"protect": False},
    }


def in_environment(environment: str) -> Mapping[str, Any]:
    """The sections of a stack of that environment, over those of its site."""
    return {
        "hosts": {"rucio": "<host of Rucio>", "diracx": "<host of DiracX>"},
        # A site has databases outside of the stack, and no fixtures.
        "components": {
            "rucio-bootstrap": {},
            "rucio": {},
            "rucio-config": {},
            "rucio-daemons": {"settings": {"robot": "<subject of the robot's certificate>"}},
            "dirac-bootstrap": {},
            "diracx-bootstrap": {},
            "dirac": {},
            "diracx": {"settings": {"organisations": {"ctao": {"client": "<client of DiracX in IAM>"}}}},
        },
        # Two stacks must not share a place that keeps data.
        "interfaces": {
            "environment": environment,
            "rucioDatabase": {"kind": "external", "host": f"<host of PostgreSQL for {environment}>"},
            "diracDatabase": {
                "kind": "external",
                "host": f"<host of MariaDB for {environment}>",
                "user": "dirac",
            },
            "objectstore": {
                "kind": "external",
                "url": "https://<host of the object store>",
                "sandboxes": f"sandboxes-{environment}",
            },
            "opensearch": {
                "kind": "external",
                "host": f"<host of OpenSearch for {environment}>",
                "user": "dirac",
            },
        },
        # Only production keeps data that nobody can make again.
        "lifecycle": {"protect": environment == "prod"},
    }
