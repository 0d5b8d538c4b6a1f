"""A running stack in memory, for the checks of `verify`: its objects, and what its inside and its hosts answer."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from typing_extensions import override

from panda_infra.clients.hosts import HostError, Hosts, Seen
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.inside import Answer, Ended, Inside
from panda_infra.clients.kubernetes.kubeconfig import Source, Target
from panda_infra.config.stack import StackConfig
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.verification import OwnTest
from panda_infra.verify.asking import World
from panda_infra.verify.own_tests import OwnTests
from tests.support.kubernetes import FakeApi, made

__all__ = ["FakeHosts", "FakeInside", "FakeTests", "pod", "running", "world"]

_TARGET = Target({"server": "https://api.site.org"}, {}, "c", "u", Source("here", ""))


@dataclass
class FakeInside(Inside):
    """Gives the same answer to every request, or raises; remembers what was asked."""

    answered: Answer | KubernetesError = field(default_factory=lambda: Answer(200, "{}"))
    ended: Ended | KubernetesError = field(default_factory=lambda: Ended(0, "fine\n"))
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    @override
    def answer(self, service: str, port: int, path: str, *, secure: bool, seconds: float) -> Answer:
        self.asked.append((service, port, path, secure))
        if isinstance(self.answered, KubernetesError):
            raise self.answered
        return self.answered

    @override
    def run(
        self, pod: str, container: str, words: Sequence[str], *, stdin: str = "", seconds: float
    ) -> Ended:
        self.asked.append((pod, container, tuple(words), stdin))
        if isinstance(self.ended, KubernetesError):
            raise self.ended
        return self.ended


@dataclass
class FakeHosts(Hosts):
    """Answers with a status; a host without one cannot be reached."""

    statuses: dict[str, int] = field(default_factory=dict)

    @override
    def ask(self, host: str, authorities: str, seconds: float) -> Seen:
        if host not in self.statuses:
            raise HostError(f"{host}:443 does not answer (no route)")
        return Seen(self.statuses[host], datetime.now(UTC) + timedelta(days=19, hours=1))


@dataclass(frozen=True)
class FakeTests(OwnTests):
    """Passes every test."""

    @override
    def run(self, test: OwnTest, seconds: float) -> str:
        return f"{test.name} passed"


def pod(name: str, labels: dict[str, str], *, ready: bool = True, real: bool = True) -> dict[str, Any]:
    """A pod with one container, which a runtime has started if it is real."""
    status: dict[str, Any] = {"containerStatuses": [{"name": "main"}]}
    status["conditions"] = [{"type": "Ready", "status": "True" if ready else "False"}]
    if real:
        status["containerStatuses"][0]["containerID"] = "containerd://0123"
    return made(name, labels=labels) | {"spec": {"containers": [{"name": "main"}]}, "status": status}


def running(plan: Plan, api: FakeApi, *, real: bool = True) -> None:
    """Put a workload and a ready pod of every part of a plan into the API, and its Secrets."""
    inside = f"namespaces/{plan.config.namespace}"
    for component, deployed in plan.config.components.deployed().items():
        release = plan.names.release(component)
        for sub, _ in enabled_sub_components(COMPONENTS[component], deployed):
            name = plan.names.workload(component, sub.name)
            labels = {"app": name, "app.kubernetes.io/instance": release}
            if sub.workload == "Job":
                done = {"conditions": [{"type": "Complete", "status": "True"}]}
                api.add(f"/apis/batch/v1/{inside}/jobs", made(name, labels=labels) | {"status": done})
            else:
                spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}}
                status = {"replicas": 1, "updatedReplicas": 1}
                kind = f"{sub.workload.lower()}s"
                api.add(f"/apis/apps/v1/{inside}/{kind}", made(name) | {"spec": spec, "status": status})
            api.add(f"/api/v1/{inside}/pods", pod(f"{name}-0", labels, real=real))


def world(config: StackConfig, *, real: bool = True, **secrets: dict[str, str]) -> World:
    """A stack that runs, or whose pods are only simulated; ``secrets`` are texts by suffix (with _) and key."""
    plan, api = make_plan("demo", config), FakeApi()
    running(plan, api, real=real)
    contents: dict[str, dict[str, str]] = {plan.names.secret(suffix): {} for suffix in plan.secrets} | {
        plan.names.secret(suffix.replace("_", "-")): texts for suffix, texts in secrets.items()
    }
    return World(
        plan,
        api,
        FakeInside(),
        FakeHosts(),
        FakeTests(_TARGET, plan.config.namespace),
        {
            name: {"data": {key: b64encode(text.encode()).decode() for key, text in texts.items()}}
            for name, texts in contents.items()
        },
    )
