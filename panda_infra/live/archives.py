"""The databases of operators that have an archive, and the servers that can be made of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.errors import PandaInfraError, WrongError
from panda_infra.plan import mariadb, postgres
from panda_infra.plan.model import Plan
from panda_infra.plan.operators import Served
from panda_infra.products.registry import COMPONENTS

__all__ = ["Archived", "Newest", "archived", "unarchived"]

# mariadb-operator has no replication with less.
_FEWEST = 2


@dataclass(frozen=True)
class Newest:
    """What an archive has last: ``words`` name it, ``at`` is its time, if it is known.

    A restore of everything names the moment ``until``; None if the operator finds the end of the archive itself.
    """

    words: str
    at: datetime | None
    until: datetime | None


@dataclass(frozen=True)
class Archived(ABC):
    """A database ``each`` with an archive.

    Its servers are objects of the ``api`` and the ``kind``, in the plural. Restored ones have the conditions
    ``restored``.
    """

    each: Served[Any, Any]

    api: ClassVar[str]
    kind: ClassVar[str]
    restored: ClassVar[frozenset[str]]
    engine: ClassVar[Literal["postgres", "mariadb"]]

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
        """The Service that accepts writes, of servers with a name."""
        ending: str = self.each.database.services[True]
        return f"{name}{ending}"

    @property
    def leaves_out(self) -> tuple[str, ...]:
        """The schemas of administrators, which the user of the database may not read."""
        component, _, part = self.each.database.instead.partition("/")
        dump = COMPONENTS[component].sub_component(part).dump
        return dump.leaves_out if dump else ()

    @abstractmethod
    def databases(self, plan: Plan) -> tuple[str, ...]:
        """The names of the databases inside."""

    @abstractmethod
    def described(self, plan: Plan, moment: datetime, name: str) -> dict[str, Any]:
        """The object by which the operator makes servers with the content of a moment."""

    @abstractmethod
    def whole(self, plan: Plan, newest: Newest, name: str) -> dict[str, Any]:
        """The object by which the operator makes as few servers as it can with everything that is archived."""

    @abstractmethod
    def newest(self, api: KubernetesApi, plan: Plan) -> Newest:
        """The end of the archive.

        Raises:
            WrongError: the archive is empty.
        """

    @abstractmethod
    def image(self, api: KubernetesApi, plan: Plan, name: str) -> str | None:
        """The image of servers that are there, with the programs that fit them; None if none is seen."""

    @abstractmethod
    def refuse_what_is_not_archived(self, api: KubernetesApi, plan: Plan, moment: datetime) -> None:
        """Refuse a moment for which the operator would try again and again, and report no reason.

        Raises:
            PandaInfraError: the archive does not have it.
        """


class _Postgres(Archived):
    api, kind = postgres.API, "clusters"
    restored = frozenset({"Ready"})
    engine = "postgres"

    def databases(self, plan: Plan) -> tuple[str, ...]:
        return (self.each.database.name(plan.config),)

    def described(self, plan: Plan, moment: datetime, name: str) -> dict[str, Any]:
        return postgres.recovery(plan, self.each, moment, name)

    def whole(self, plan: Plan, newest: Newest, name: str) -> dict[str, Any]:
        return postgres.recovery(plan, self.each, newest.until, name)

    def newest(self, api: KubernetesApi, plan: Plan) -> Newest:
        window = self._window(api, plan)
        if not window.get("firstRecoverabilityPoint"):
            raise WrongError(f"the archive has no base backup of {self.cluster} yet")
        # The operator reports no times of changes, and a recovery to a time after the last change fails.
        last = window.get("lastSuccessfulBackupTime")
        words = f"the archive of {self.cluster}, whose last base backup is of {last or 'an unknown time'}"
        return Newest(words, datetime.fromisoformat(last) if last else None, None)

    def image(self, api: KubernetesApi, plan: Plan, name: str) -> str | None:
        # By default the image is the operator's, which is seen at its pods alone.
        query = [("labelSelector", f"cnpg.io/cluster={name},cnpg.io/podRole=instance")]
        pods = api.call("GET", f"/api/v1/namespaces/{plan.config.namespace}/pods", query=query) or {}
        running = (each for pod in pods.get("items") or () for each in pod["spec"]["containers"])
        image: str | None = next((each["image"] for each in running if each["name"] == "postgres"), None)
        return image or self.each.settings.image

    def refuse_what_is_not_archived(self, api: KubernetesApi, plan: Plan, moment: datetime) -> None:
        first = self._window(api, plan).get("firstRecoverabilityPoint")
        if first is None:
            raise PandaInfraError(
                f"the archive has no base backup of {self.cluster} yet: nothing can be restored before the first one"
            )
        if moment < datetime.fromisoformat(first):
            raise PandaInfraError(
                f"--to {moment.isoformat()}: is before {first}, when the first base backup of {self.cluster} that the "
                "archive has ended: write a later time"
            )

    def _window(self, api: KubernetesApi, plan: Plan) -> Mapping[str, Any]:
        """The range of times in the archive, as the operator's plugin reports it."""
        stores = f"/apis/{postgres.PLUGIN_API}/namespaces/{plan.config.namespace}/objectstores"
        windows = _status(api, f"{stores}/{postgres.ARCHIVE_SECRET}").get("serverRecoveryWindow") or {}
        found: Mapping[str, Any] = windows.get(self.cluster) or {}
        return found


class _MariaDb(Archived):
    api, kind = mariadb.API, "mariadbs"
    # They are ready for a moment before the changes after the base backup are there.
    restored = frozenset({"Ready", "BinlogsReplayed"})
    engine = "mariadb"

    def databases(self, plan: Plan) -> tuple[str, ...]:
        names: tuple[str, ...] = self.each.database.databases(plan.config)
        return names

    def described(self, plan: Plan, moment: datetime, name: str) -> dict[str, Any]:
        return mariadb.mariadb_recovery(plan, self.each, moment, name)

    def whole(self, plan: Plan, newest: Newest, name: str) -> dict[str, Any]:
        assert newest.until is not None  # noqa: S101 - it is the time of the last change
        made = mariadb.mariadb_recovery(plan, self.each, newest.until, name)
        # Changes are replayed into replicated servers alone.
        made["spec"]["replicas"] = _FEWEST
        return made

    def newest(self, api: KubernetesApi, plan: Plan) -> Newest:
        last = self._last(api, plan)
        if last is None:
            raise WrongError(f"the archive has no base backup of {self.cluster} with changes after it yet")
        moment = datetime.fromisoformat(last)
        return Newest(f"the archive of {self.cluster}, whose last change is of {last}", moment, moment)

    def image(self, api: KubernetesApi, plan: Plan, name: str) -> str | None:
        found: Mapping[str, Any] = api.call("GET", f"{self.servers(plan)}/{name}", missing=True) or {}
        image: str | None = (found.get("spec") or {}).get("image")
        return image

    def refuse_what_is_not_archived(self, api: KubernetesApi, plan: Plan, moment: datetime) -> None:
        last = self._last(api, plan)
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

    def _last(self, api: KubernetesApi, plan: Plan) -> str | None:
        """The time of the last change that is archived."""
        places = f"/apis/{mariadb.API}/namespaces/{plan.config.namespace}/pointintimerecoveries"
        found: str | None = _status(api, f"{places}/{self.cluster}").get("lastRecoverableTime")
        return found


def archived(plan: Plan) -> tuple[Archived, ...]:
    """Every database with an archive."""
    config = plan.config
    found: list[Archived] = []
    if config.postgres and config.postgres.backup:
        found += [_Postgres(each) for each in postgres.operated(plan)]
    if config.mariadb and config.mariadb.backup:
        found += [_MariaDb(each) for each in mariadb.operated_mariadb(plan)]
    return tuple(found)


def unarchived(plan: Plan) -> tuple[Served[Any, Any], ...]:
    """Every database of an operator without an archive."""
    known = {each.cluster for each in archived(plan)}
    every: tuple[Served[Any, Any], ...] = (*postgres.operated(plan), *mariadb.operated_mariadb(plan))
    return tuple(each for each in every if each.cluster not in known)


def _status(api: KubernetesApi, path: str) -> Mapping[str, Any]:
    """The status of an object; empty if it is not there."""
    found: Mapping[str, Any] = api.call("GET", path, missing=True) or {}
    status: Mapping[str, Any] = found.get("status") or {}
    return status
