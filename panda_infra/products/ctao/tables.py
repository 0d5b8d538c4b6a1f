"""The databases of DIRAC and DiracX: their names, which these programs know, and which a stack needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["BY_COMPONENT", "DIRAC", "DIRACX", "databases"]

DIRAC: Mapping[str, str] = MappingProxyType(
    {
        "AccountingDB": "Accounting",
        "FileCatalogDB": "DataManagement",
        "InstalledComponentsDB": "Framework",
        "JobDB": "WorkloadManagement",
        "JobLoggingDB": "WorkloadManagement",
        "PilotAgentsDB": "WorkloadManagement",
        "ProductionDB": "Production",
        "ProxyDB": "Framework",
        "ReqDB": "RequestManagement",
        "ResourceManagementDB": "ResourceStatus",
        "ResourceStatusDB": "ResourceStatus",
        "SandboxMetadataDB": "WorkloadManagement",
        "StorageManagementDB": "StorageManagement",
        "TaskQueueDB": "WorkloadManagement",
        "TokenDB": "Framework",
        "TransformationDB": "Transformation",
    }
)
"""DIRAC's databases that DPPS uses, with the system of each."""
DIRACX: Mapping[str, str] = MappingProxyType(
    {
        "AuthDB": "DiracXAuthDB",
        **{
            name: name
            for name in (
                "JobDB",
                "JobLoggingDB",
                "PilotAgentsDB",
                "ResourceStatusDB",
                "SandboxMetadataDB",
                "TaskQueueDB",
                "TransformationDB",
            )
        },
        "TaskDB": "DiracXTaskDB",
    }
)
"""DiracX's databases by its own names; most of them are DIRAC's too."""
BY_COMPONENT: Mapping[str, Iterable[str]] = MappingProxyType(
    {"dirac-bootstrap": tuple(DIRAC), "diracx-bootstrap": tuple(DIRACX.values())}
)
"""The databases that the job of a component makes."""


def databases(config: Settings) -> tuple[str, ...]:
    """The databases that the stack's components make, each once."""
    deployed = config.components.deployed()
    return tuple(dict.fromkeys(name for job, own in BY_COMPONENT.items() if job in deployed for name in own))
