"""The databases of operators that have an archive, and the servers that can be made of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.errors import PandaInfraError
from panda_infra.plan import mariadb, postgres
from panda_infra.plan.model import Plan
from panda_infra.plan.operators import Served

__all__ = ["Archived", "archived"]


@dataclass(frozen=True)
class Archived(ABC):
    """A database ``each`` with an archive.

    Its servers are objects of the ``api`` and the ``kind``, in the plural. Restored ones have the conditions
    ``restored``, and are written to by a Service with the ending ``writes`` behind their name.
    """

    each: Served[Any, Any]

    api: ClassVar[str]
    kind: ClassVar[str]
    restored: ClassVar[frozenset[str]]
    writes: ClassVar[str]

    @property
    def component(self) -> str:
        """The component that uses it."""
        return self.each.component

    @property
    def cluster(self) -> str:
        """The name of its servers together."""
        return self.each.cluster

    def servers(self, plan: Plan) -> str:
        """The path of objects of its kind in the API."""
        return f"/apis/{self.api}/namespaces/{plan.config.namespace}/{self.kind}"

    def service(self, name: str) -> str:
        """The Service of servers with a name that may be written to."""
        return f"{name}{self.writes}"

    @abstractmethod
    def described(self, plan: Plan, moment: datetime, name: str) -> dict[str, Any]:
        """The object by which the operator makes servers with the content of a moment."""

    @abstractmethod
    def refuse_what_is_not_archived(self, api: KubernetesApi, plan: Plan, moment: datetime) -> None:
        """Refuse a moment for which the operator would try again and again, and report no reason.

        Raises:
            PandaInfraError: the archive does not have it.
        """


class _Postgres(Archived):
    api, kind = postgres.API, "clusters"
    restored = frozenset({"Ready"})
    writes = "-rw"

    def described(self, plan: Plan, moment: datetime, name: str) -> dict[str, Any]:
        return postgres.recovery(plan, self.each, moment, name)

    def refuse_what_is_not_archived(self, api: KubernetesApi, plan: Plan, moment: datetime) -> None:
        stores = f"/apis/{postgres.PLUGIN_API}/namespaces/{plan.config.namespace}/objectstores"
        windows = _status(api, f"{stores}/{postgres.ARCHIVE_SECRET}").get("serverRecoveryWindow") or {}
        first = (windows.get(self.cluster) or {}).get("firstRecoverabilityPoint")
        if first is None:
            raise PandaInfraError(
                f"the archive has no base backup of {self.cluster} yet: nothing can be restored before the first one"
            )
        if moment < datetime.fromisoformat(first):
            raise PandaInfraError(
                f"--to {moment.isoformat()}: is before {first}, when the first base backup of {self.cluster} that the "
                "archive has ended: write a later time"
            )


class _MariaDb(Archived):
    api, kind = mariadb.API, "mariadbs"
    # They are ready for a moment before the changes after the base backup are there.
    restored = frozenset({"Ready", "BinlogsReplayed"})
    writes = "-primary"

    def described(self, plan: Plan, moment: datetime, name: str) -> dict[str, Any]:
        return mariadb.mariadb_recovery(plan, self.each, moment, name)

    def refuse_what_is_not_archived(self, api: KubernetesApi, plan: Plan, moment: datetime) -> None:
        places = f"/apis/{mariadb.API}/namespaces/{plan.config.namespace}/pointintimerecoveries"
        last = _status(api, f"{places}/{self.cluster}").get("lastRecoverableTime")
        if last is None:
            raise PandaInfraError(
                f"the archive has no base backup of {self.cluster} with changes after it yet: nothing can be restored "
                "before the first ones"
            )
        if moment > datetime.fromisoformat(last):
            raise PandaInfraError(
                f"--to {moment.isoformat()}: is after {last}, the last change of {self.cluster} that is archived: "
                "write that time, or an earlier one"
            )


def archived(plan: Plan) -> tuple[Archived, ...]:
    """Every database with an archive."""
    config = plan.config
    found: list[Archived] = []
    if config.postgres and config.postgres.backup:
        found += [_Postgres(each) for each in postgres.operated(plan)]
    if config.mariadb and config.mariadb.backup:
        found += [_MariaDb(each) for each in mariadb.operated_mariadb(plan)]
    return tuple(found)


def _status(api: KubernetesApi, path: str) -> Mapping[str, Any]:
    """The status of an object; empty if it is not there."""
    found: Mapping[str, Any] = api.call("GET", path, missing=True) or {}
    status: Mapping[str, Any] = found.get("status") or {}
    return status
