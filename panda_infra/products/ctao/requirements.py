"""The goals of DPPS' deployment, by ids of this program's own; docs/ctao.md lists what serves each of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from panda_infra.products.verification import Usual

__all__ = ["REQUIREMENTS", "USUAL"]

REQUIREMENTS: Mapping[str, str] = MappingProxyType(
    {
        "DPPS-NEW": "a new deployment of the first releases",
        "DPPS-CENTRES": "several data centres",
        "DPPS-UPGRADES": "reliable upgrades of many components",
        "DPPS-SAME": "reproducible on a laptop, in CI and at sites",
        "DPPS-GITOPS": "sites by GitOps",
        "DPPS-BOOTSTRAP": "bootstrap and configure on an empty cluster",
        "DPPS-RUCIO-TABLES": "migrations in Rucio",
        "DPPS-OTHER-TABLES": "migrations in DIRAC and FTS",
        "DPPS-BACKUP": "backup, restore, failover of databases",
        "DPPS-FIXTURES": "test fixtures",
        "DPPS-INTERFACES": "external interfaces, annotated",
        "DPPS-SECRETS": "credentials by Secrets in place of values",
        "DPPS-CERTIFICATES": "certificates",
        "DPPS-INGRESS": "ingress with client certificates",
        "DPPS-NETWORK": "network policies, service mesh",
        "DPPS-TESTS": "helm tests",
        "DPPS-SIGHT": "metrics, logs, traces, alerts",
        "DPPS-FIXES": "fix and deploy fast",
        "DPPS-ORIGIN": "provenance",
        "DPPS-ARTIFACTS": "CVMFS, Harbor",
        "DPPS-TOKENS": "tokens instead of certificates",
    }
)
USUAL = Usual(
    runs="DPPS-NEW",
    credentials="DPPS-CERTIFICATES",
    outside="DPPS-INGRESS",
    own_tests="DPPS-TESTS",
    metrics="DPPS-SIGHT",
    backups="DPPS-BACKUP",
)
