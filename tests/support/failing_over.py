"""Two data centres in memory, as the steps of a failover see them; a run can be killed before and after each change."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesNotAllowedError, KubernetesUnreachableError
from panda_infra.clients.kubernetes.inside import Ended, Inside
from panda_infra.config.stack import StackConfig
from panda_infra.errors import PandaInfraError
from panda_infra.failover.site import Site
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.postgres import operated, postgres_objects
from panda_infra.plan.standby import Role, mark, role_in, role_of, stands_by
from panda_infra.products.registry import COMPONENTS
from panda_infra.rules.split_brain import split
from panda_infra.stacks.edit import Wanted
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack
from tests.support.verification import FakeInside, pod

__all__ = ["FakeSite", "Killed", "World", "token"]

CLUSTERS = "/apis/postgresql.cnpg.io/v1/namespaces/{}/clusters"


class Killed(BaseException):
    """The command is killed."""


def token(timeline: int) -> str:
    """A demotion token of the operator."""
    return base64.b64encode(json.dumps({"latestCheckpointTimelineID": str(timeline)}).encode()).decode()


@dataclass
class World:
    """Both sites. The command is killed at the change with the number ``kill``, counted from 0."""

    sections: dict[str, Any]
    kill: int = -1
    changes: int = 0
    done: list[str] = field(default_factory=list)
    sites: dict[str, FakeSite] = field(default_factory=dict)

    def changing(self, what: str) -> None:
        """A change is about to be made."""
        if self.changes == self.kill:
            self.kill = -1
            raise Killed(what)
        self.changes += 1
        self.done.append(what)
        active = [site.stack for site in self.sites.values() if site.pods()]
        assert len(active) < 2, f"both work: {active}"
        written = [site.stack for site in self.sites.values() if site.writable()]
        assert len(written) < 2, f"both are written to: {written}"

    def site(self, name: str, standby: dict[str, Any]) -> FakeSite:
        """A stack that is deployed."""
        made = self.sites[name] = FakeSite(name, self, {**self.sections, "standby": standby})
        return made


@dataclass
class FakeSite(Site):
    """A stack, its cluster, and an operator whose databases follow."""

    stack: str
    world: World
    sections: dict[str, Any]
    cluster: FakeApi = field(default_factory=FakeApi)
    recorded: Role | None = None
    timeline: int = 1
    lost: bool = False
    refuses: bool = False
    broken: bool = False

    @override
    def config(self) -> StackConfig:
        return stack(secrets={"hashKey": "x"}, **self.sections)

    @override
    def write(self, values: Wanted) -> None:
        self.world.changing(f"write {self.stack}")
        for path, value in values.items():
            *parents, last = path
            below = self.sections
            for part in parents:
                below = below.setdefault(str(part), {})
            below[str(last)] = value

    @override
    def role(self) -> Role | None:
        return self.recorded

    @override
    def api(self) -> KubernetesApi:
        if self.lost:
            raise KubernetesUnreachableError(f"the API of {self.stack} does not answer")
        if self.refuses:
            raise KubernetesNotAllowedError(f"the API of {self.stack} answers 401", status=401)
        return self.cluster

    @override
    def answers(self) -> bool:
        return not self.lost

    @override
    def inside(self) -> Inside:
        return _Inside(self)

    @override
    def up(self) -> None:
        plan = make_plan(self.stack, self.config())
        (other,) = (each for name, each in self.world.sites.items() if name != self.stack)
        if problems := list(split(plan, self.recorded, other.recorded)):
            raise PandaInfraError("; ".join(map(str, problems)))
        assert not self.lost
        if self.broken:
            raise PandaInfraError(f"stack {self.stack} is not deployed as its file describes it")
        if not stands_by(plan):
            self._mark(plan)
        self._databases(plan)
        for component in plan.config.components.deployed():
            self.world.changing(f"deploy {self.stack} {component}")
            self._services(plan, component)
        if stands_by(plan):
            self._mark(plan)

    def pods(self) -> list[str]:
        """What serves or works."""
        return [each["metadata"]["name"] for each in self.cluster.within("/api/v1/namespaces/panda/pods")]

    def writable(self) -> bool:
        """Whether a database is written to."""
        clusters = self.cluster.within(CLUSTERS.format("panda"))
        return any(each["spec"]["replica"]["self"] == each["spec"]["replica"]["primary"] for each in clusters)

    def _mark(self, plan: Plan) -> None:
        self.world.changing(f"mark {self.stack}")
        written = mark(plan)
        assert written
        self.cluster.add("/api/v1/namespaces/panda/configmaps", written.fields)
        self.recorded = role_in(written.fields)
        assert self.recorded == role_of(plan)

    def _databases(self, plan: Plan) -> None:
        for each in operated(plan):
            self.world.changing(f"database {self.stack} {each.cluster}")
            path = f"{CLUSTERS.format('panda')}/{each.cluster}"
            before = self.cluster.objects.get(path, {"status": {"timelineID": self.timeline}})
            (made,) = (
                found.fields
                for _, found in postgres_objects(plan)
                if found.kind == "Cluster" and found.name == each.cluster
            )
            status = before["status"] | {
                "currentPrimary": f"{each.cluster}-1",
                "conditions": [{"type": "Ready", "status": "True"}],
            }
            replica = made["spec"]["replica"]
            was = before.get("spec", {}).get("replica", replica)
            if was["primary"] != replica["primary"]:
                if replica["primary"] == self.stack:
                    status |= {
                        "timelineID": status["timelineID"] + 1,
                        "lastPromotionToken": replica.get("promotionToken"),
                    }
                else:
                    status |= {"demotionToken": token(status["timelineID"])}
            self.cluster.objects[path] = {**made, "status": status}

    def _services(self, plan: Plan, component: str) -> None:
        release = plan.names.release(component)
        deployed = plan.config.components.deployed()[component]
        for sub, _ in enabled_sub_components(COMPONENTS[component], deployed):
            name, wanted = plan.names.workload(component, sub.name), 0 if stands_by(plan) else 1
            labels = sub.pod_labels(release)
            spec = {"replicas": wanted, "selector": {"matchLabels": labels}}
            kind, status = f"{sub.workload.lower()}s", {"replicas": wanted, "updatedReplicas": wanted}
            self.cluster.add(
                f"/apis/apps/v1/namespaces/panda/{kind}",
                {"metadata": {"name": name}, "spec": spec, "status": status},
            )
            self.cluster.objects.pop(f"/api/v1/namespaces/panda/pods/{name}-0", None)
            if wanted:
                self.cluster.add("/api/v1/namespaces/panda/pods", pod(f"{name}-0", labels))


class _Inside(FakeInside):
    """The servers of a site answer whether they follow."""

    def __init__(self, site: FakeSite) -> None:
        super().__init__()
        self._site = site

    @override
    def run(
        self, pod: str, container: str, words: Sequence[str], *, stdin: str = "", seconds: float
    ) -> Ended:
        return Ended(0, "promoted\n" if self._site.writable() else "4\n")
