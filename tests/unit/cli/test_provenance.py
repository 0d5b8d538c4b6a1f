"""`provenance record` and `provenance verify`, with a registry of this process and a state that a test chooses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panda_infra.cli import provenance as command
from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.provenance.keys import SIGNING_KEY
from panda_infra.review.engine import Engine
from panda_infra.stacks.document import compose
from tests.support.documented import documented
from tests.support.oci_registry import OciRegistry, oci_registry
from tests.support.signing import new_key, private_file, public_text
from tests.unit.cli.conftest import SMALL, Run

_KEY = new_key()


class Deployed:
    """The version of the state that the engine has, and the tags beside it."""

    def __init__(self) -> None:
        self.state = "first"
        self.tags: dict[str, str] = {}


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Deployed:
    made = Deployed()

    def body(_here: object, stack: str, _config: object) -> dict[str, Any] | None:
        return None if made.state == "empty" else {"stack": stack, "state": made.state, "commit": 40 * "a"}

    monkeypatch.setattr(command, "_body", body)
    monkeypatch.setattr(Engine, "state", lambda _: made.state)
    monkeypatch.setattr(Pulumi, "has", lambda *_: True)
    monkeypatch.setattr(Pulumi, "tag", lambda _, _stack, name: made.tags.get(name, ""))
    monkeypatch.setattr(Pulumi, "set_tag", lambda _, _stack, name, text: made.tags.update({name: text}))
    monkeypatch.setattr(shutil, "which", lambda _: "/bin/true")
    return made


@pytest.fixture
def registry(project: Path, deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Iterator[OciRegistry]:  # noqa: ARG001
    monkeypatch.setenv(SIGNING_KEY, str(private_file(_KEY, project / "signing.key")))
    with oci_registry() as registry:
        kept = {"repository": registry.reference, "publicKey": public_text(_KEY)}
        (project / "Pulumi.doma.yaml").write_text(compose({**SMALL, "provenance": kept}, "doma"))
        yield registry


def test_each_deployment_gets_a_record_and_all_are_verified(
    run: Run, registry: OciRegistry, deployed: Deployed
) -> None:
    record = documented("python -m panda_infra provenance record doma")
    verify = documented("python -m panda_infra provenance verify doma")
    assert "was deployed since the newest record" in run(*verify.words[3:]).stderr
    for state in ("first", "second"):
        deployed.state = state
        result = run(*record.words[3:])
        assert result.exit_code == 0, result.stderr
    result = run(*verify.words[3:])
    assert result.exit_code == 0, result.stderr
    assert "2 records of stack doma are in order" in result.stderr
    assert "aaaaaaaaaaaa" in result.stdout
    assert {"doma.1", "doma.2"} <= registry.manifests.keys()


def test_what_was_deployed_without_a_record_is_found(
    run: Run, registry: OciRegistry, deployed: Deployed
) -> None:
    assert run("provenance", "record", "doma").exit_code == 0
    assert "doma.1" in registry.manifests
    deployed.state = "by hand"
    result = run("provenance", "verify", "doma", "--json")
    assert result.exit_code == 1
    (flaw,) = json.loads(result.stdout)["flaws"]
    assert flaw.startswith("stack doma was deployed since the newest record")
    deployed.state = "empty"
    assert run("provenance", "verify", "doma").exit_code == 0


@pytest.mark.parametrize("lost", [["doma.2"], ["doma.1", "doma.2"]], ids=["the newest", "all"])
def test_records_that_the_registry_has_lost_are_missed(
    run: Run, registry: OciRegistry, deployed: Deployed, lost: list[str]
) -> None:
    """Who may delete there has no key, but the next run has: it would chain its record to what is left."""
    for deployed.state in ("first", "second"):
        assert run("provenance", "record", "doma").exit_code == 0
    for tag in lost:
        del registry.manifests[tag]
    deployed.state = "third"
    result = run("provenance", "record", "doma")
    assert result.exit_code == 1
    assert "record 2 is missing, and was sha256:" in result.stderr
    assert lost[-1] not in registry.manifests
    result = run("provenance", "verify", "doma", "--json")
    assert result.exit_code == 1
    assert any(flaw.startswith("record 2 is missing, and was") for flaw in json.loads(result.stdout)["flaws"])


def test_another_record_in_the_place_of_the_newest_is_found(
    run: Run, registry: OciRegistry, deployed: Deployed
) -> None:
    for deployed.state in ("first", "second"):
        assert run("provenance", "record", "doma").exit_code == 0
    # Made anew by somebody who has the key, but not the backend.
    known = dict(deployed.tags)
    del registry.manifests["doma.2"]
    deployed.tags.clear()
    deployed.state = "nobody has deployed this"
    assert run("provenance", "record", "doma").exit_code == 0
    assert run("provenance", "verify", "doma").exit_code == 0
    deployed.tags.update(known)
    registry_has = "record 2 is another one than"
    assert registry_has in run("provenance", "verify", "doma").stderr
    assert registry_has in run("provenance", "record", "doma").stderr


def test_a_new_repository_begins_anew(
    run: Run, registry: OciRegistry, project: Path, deployed: Deployed
) -> None:
    assert run("provenance", "record", "doma").exit_code == 0
    with oci_registry() as other:
        kept = {"repository": other.reference, "publicKey": public_text(_KEY)}
        (project / "Pulumi.doma.yaml").write_text(compose({**SMALL, "provenance": kept}, "doma"))
        assert run("provenance", "record", "doma").exit_code == 0
        assert "doma.1" in other.manifests
        assert run("provenance", "verify", "doma").exit_code == 0
    assert "doma.1" in registry.manifests
    assert len(deployed.tags) == 1


def test_a_broken_record_fails(run: Run, registry: OciRegistry) -> None:
    assert run("provenance", "record", "doma").exit_code == 0
    registry.manifests["doma.1"] = b"{}"
    result = run("provenance", "verify", "doma")
    assert result.exit_code == 1
    assert "error: record 1 has no signed statement" in result.stderr


def test_another_key_than_the_stacks_signs_nothing(
    run: Run, registry: OciRegistry, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SIGNING_KEY, str(private_file(new_key(), project / "other.key")))
    result = run("provenance", "record", "doma")
    assert result.exit_code == 1
    assert "is not that of `provenance.publicKey`" in result.stderr
    assert registry.manifests == {}


def test_nothing_is_recorded_of_what_is_not_deployed(
    run: Run, registry: OciRegistry, deployed: Deployed
) -> None:
    deployed.state = "empty"
    result = run("provenance", "record", "doma")
    assert result.exit_code == 0
    assert "nothing is recorded" in result.stderr
    assert registry.manifests == {}


def test_a_stack_without_the_section_keeps_none(run: Run, project: Path) -> None:
    (project / "Pulumi.doma.yaml").write_text(compose(SMALL, "doma"))
    result = run("provenance", "record", "doma")
    assert result.exit_code == 0
    assert "has no section `provenance`" in result.stderr
    result = run("provenance", "verify", "doma")
    assert result.exit_code == 1
    assert "no records are kept" in result.stderr


@pytest.mark.parametrize(
    ("variables", "by"),
    [
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTOR": "ada",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "a/b",
                "GITHUB_RUN_ID": "7",
            },
            {"name": "ada", "run": "https://github.com/a/b/actions/runs/7"},
        ),
        (
            {"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "ada", "CI_JOB_URL": "https://gitlab.org/-/jobs/7"},
            {"name": "ada", "run": "https://gitlab.org/-/jobs/7"},
        ),
    ],
)
def test_who_is_the_person_behind_the_run(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], by: dict[str, str]
) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert command._by() == by
