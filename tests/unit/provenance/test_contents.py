"""The content of a record of a deployment: what the state has, completed by what registries give."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.clients.registry.artifacts import Repository
from panda_infra.clients.registry.login import RegistryNotFoundError, RegistryUnreachableError
from panda_infra.errors import PandaInfraError
from panda_infra.plan.data import Deployed
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.provenance import contents as module
from panda_infra.provenance.contents import contents
from panda_infra.state.recorded import Recorded
from tests.support import stacks

_PINNED, _GIVEN, _CHART = (f"sha256:{64 * digit}" for digit in "123")


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A registry with a few things; the images that were asked for."""
    asked: list[str] = []

    def digest(repository: str, tag: str) -> str:
        asked.append(f"{repository}:{tag}")
        if repository.startswith("down.site.org/"):
            raise RegistryUnreachableError("the registry down.site.org cannot be reached")
        if repository != "up.site.org/mail":
            raise RegistryNotFoundError("no such image")
        return _GIVEN

    def referrers(_: Repository, digest: str) -> list[dict[str, Any]]:
        sbom = {"digest": "sha256:9", "artifactType": "application/vnd.cyclonedx+json"}
        signature = {"digest": "sha256:8", "artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json"}
        return [signature, sbom] if digest == _GIVEN else []

    monkeypatch.setattr(module, "image_digest", digest)
    monkeypatch.setattr(module, "chart_digest", lambda *_: _CHART)
    monkeypatch.setattr(Repository, "referrers", referrers)
    return asked


def plan(image: dict[str, str]) -> Plan:
    return make_plan("doma", stacks.stack(components={"msgsvc": {"activemq": {"image": image}}}, hosts={}))


def state(made: Plan, **others: Any) -> Recorded:
    return Recorded(
        {
            each.component: Deployed(each.name, each.values, False, "", each.chart.version)
            for each in made.releases
        },
        **others,
    )


def test_a_pinned_image_has_its_own_digest() -> None:
    made = plan({"repository": "up.site.org/queue", "tag": "6", "digest": _PINNED})
    found = contents(made, state(made))
    assert found["images"] == [
        {
            "component": "msgsvc",
            "where": "activemq.image",
            "repository": "up.site.org/queue",
            "tag": "6",
            "digest": _PINNED,
            "pinned": True,
            "sboms": [],
        }
    ]
    (release,) = found["releases"]
    assert release["release"] == "panda-msgsvc"
    assert release["chart"] == {
        "name": "msgsvc",
        "version": made.releases[0].chart.version,
        "digest": _CHART,
        "source": "oci://ghcr.io/pandawms/panda-k8s-charts",
    }


def test_a_tag_gets_what_its_registry_gives_now_with_its_sbom() -> None:
    made = plan({"repository": "up.site.org/mail", "tag": "1"})
    (image,) = contents(made, state(made))["images"]
    assert (image["digest"], image["pinned"]) == (_GIVEN, False)
    assert image["sboms"] == [{"digest": "sha256:9", "kind": "application/vnd.cyclonedx+json"}]


def test_a_registry_that_does_not_answer_is_asked_once(asked: list[str]) -> None:
    made = plan({"repository": "down.site.org/a", "tag": "1"})
    beside = {("CronJob", "panda", "backup"): ("down.site.org/b:2", "down.site.org/c@" + _PINNED)}
    found = contents(made, state(made, images=beside))["images"]
    assert len(asked) == 1
    assert [(each["where"], each["tag"], each["digest"]) for each in found] == [
        ("activemq.image", "1", ""),
        ("CronJob backup", "2", ""),
        ("CronJob backup", "", _PINNED),
    ]


def test_a_record_of_something_else_is_refused() -> None:
    made = plan({})
    with pytest.raises(PandaInfraError, match=r"something else than this checkout describes \(msgsvc\)"):
        contents(made, Recorded())
    other = {"msgsvc": Deployed("panda-msgsvc", {}, False, "", "9.9.9")}
    with pytest.raises(PandaInfraError, match=r"\(msgsvc\): a record would be wrong"):
        contents(made, Recorded(other))
