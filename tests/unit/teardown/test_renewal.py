"""When the engine's credential is renewed before a stack goes, and what is reported when it cannot be."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesNotAllowedError
from panda_infra.clients.kubernetes.kubeconfig import Target
from panda_infra.errors import PandaInfraError
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.teardown import renewal
from tests.support import fast_yaml
from tests.support.stacks import stack

MAGNUM = {
    "kind": "magnum",
    "name": "panda",
    "template": "kubernetes-1.33.4-1",
    "keypair": "panda",
    "flavor": "m2.large",
    "masterFlavor": "m2.medium",
}
KUBECONFIG = fast_yaml.dump(
    {
        "clusters": [{"name": "panda", "cluster": {"server": "https://127.0.0.1:6443"}}],
        "users": [{"name": "admin", "user": {"token": "hunter2"}}],
        "contexts": [{"name": "panda", "context": {"cluster": "panda", "user": "admin"}}],
        "current-context": "panda",
    }
)


def provider(**inputs: Any) -> dict[str, Any]:
    return {"type": "pulumi:providers:kubernetes", "inputs": inputs}


HOLDING = provider(kubeconfig={"plaintext": json.dumps(KUBECONFIG)})


@dataclass
class FakeEngine:
    """Has ``resources`` in its state and ends with ``code``."""

    resources: list[dict[str, Any]] | None
    code: int = 0
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, *arguments: str) -> str:
        assert arguments == ("stack", "export", "--show-secrets", "--stack", "test")
        return json.dumps({"deployment": {"resources": self.resources}})

    def follow(self, *arguments: str) -> int:
        self.calls.append(arguments)
        return self.code


def plan(**sections: Any) -> Plan:
    return make_plan("test", stack(**sections))


def renew(engine: FakeEngine, **sections: Any) -> None:
    renewal.renew_access(plan(**(sections or {"cluster": MAGNUM})), engine)  # type: ignore[arg-type]


def answering(monkeypatch: pytest.MonkeyPatch, failure: KubernetesError | None) -> None:
    def lets_in(target: Target) -> None:
        assert target.user == {"token": "hunter2"}
        if failure:
            raise failure

    monkeypatch.setattr(renewal, "lets_in", lets_in)


REFUSED = KubernetesNotAllowedError("401", status=401)
FAILURES = [REFUSED, KubernetesError("another certificate")]


@pytest.mark.parametrize("failure", FAILURES)
def test_a_refused_credential_is_renewed_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, failure: KubernetesError
) -> None:
    answering(monkeypatch, failure)
    engine = FakeEngine([{"type": "pulumi:pulumi:Stack"}, HOLDING])
    renew(engine)
    (call,) = engine.calls
    assert call[:5] == ("up", "--skip-preview", "--yes", "--stack", "test")
    assert call[5:] == ("--target", "**:ClusterAccess::*", "--target", "**pulumi:providers:kubernetes::*")


def test_of_an_existing_cluster_the_kubeconfig_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, REFUSED)
    engine = FakeEngine([HOLDING])
    renew(engine, namespace="panda")
    (call,) = engine.calls
    assert call[5:] == ("--target", "**pulumi:providers:kubernetes::*")


def test_a_credential_that_serves_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, None)
    engine = FakeEngine([HOLDING])
    renew(engine)
    assert engine.calls == []


@pytest.mark.parametrize("resources", [None, [], [provider()], [{"type": "pulumi:providers:kubernetes"}]])
def test_a_state_without_a_credential_needs_none(resources: list[dict[str, Any]] | None) -> None:
    engine = FakeEngine(resources)
    renew(engine)
    assert engine.calls == []


def test_who_cannot_renew_is_reported_to_forget_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, REFUSED)
    with pytest.raises(
        PandaInfraError, match=r"(?s)cluster panda has ended.*`pulumi up` works.*remove nothing from"
    ) as reported:
        renew(FakeEngine([HOLDING], code=255))
    assert "hunter2" not in str(reported.value)
