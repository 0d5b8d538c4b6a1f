"""What the files of a new data centre and of its stacks say about what is outside, to be filled in by the site."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["ENVIRONMENTS", "TEMPLATE", "in_environment"]

ENVIRONMENTS = ("staging", "pre-prod", "prod")
"""What a data centre has stacks for; the others are made for one run, from fixtures."""

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
        "interfaces": {
            "storage": {"kind": "external", "hosts": ["<host of a storage element>"]},
            "ce": {"kind": "external", "hosts": ["<host of a computing element>"]},
            "iam": {"kind": "external", "url": "https://<host of IAM>"},
            "fts": {"kind": "external", "url": "https://<host of FTS>:8446"},
        },
    }
)


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
        # Where data is kept, no two stacks may meet.
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
