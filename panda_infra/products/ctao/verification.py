"""The goals of DPPS' deployment, by ids of this program's own, and questions to a running Rucio.

docs/ctao.md lists what serves each goal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from panda_infra.products.verification import Command, Usual, python

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["REQUIREMENTS", "USUAL", "asked_as_root"]

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

_SCRIPT = Path(__file__).parent / "scripts" / "rucio.py"
# rucio-bootstrap makes this Secret with the account.
_ROOT = "rucio-root"


def asked_as_root(ask: str, given: Callable[[Settings], Mapping[str, Any]] = lambda _config: {}) -> Command:
    """In the server's pod, log in by the account root's Secret and ask for ``whoami``, ``storages`` or ``rule``."""
    login = {key: (_ROOT, key) for key in ("username", "password")}
    return python("rucio/server", "python3", _SCRIPT, lambda config: {"ask": ask, **given(config)}, login)
