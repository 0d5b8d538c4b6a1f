"""A stack of a pair as the engine has it: its file, its state, the runs on it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typing_extensions import override

from panda_infra.clients.pulumi.cli import Pulumi
from panda_infra.clients.pulumi.locks import Run
from panda_infra.errors import PandaInfraError
from panda_infra.failover import site as module
from panda_infra.failover.site import SiteByEngine
from panda_infra.plan.standby import Role
from panda_infra.stacks.access import Access
from panda_infra.stacks.project import Project
from panda_infra.state.recorded import Recorded
from tests.support.kubernetes import FakeApi
from tests.support.stacks import sections

_RUN = Run(datetime(2026, 11, 30, tzinfo=UTC), "somebody@here (pid 1)")


@dataclass(frozen=True)
class FakePulumi(Pulumi):
    """Reads the file in the clear, and remembers what it was asked for."""

    asked: list[tuple[str, ...]] = field(default_factory=list)
    at_work: list[tuple[Run, ...]] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    @override
    def has(self, stack: str) -> bool:
        return stack == "demo"

    @override
    def recorded(self, stack: str) -> Recorded:
        return Recorded(role=Role(True, 1, "demo-2"))

    @override
    def config(self, stack: str, file: Path | None = None) -> tuple[dict[str, str], frozenset[str]]:
        self.asked.append(("config",))
        given = yaml.safe_load((self.folder / f"Pulumi.{stack}.yaml").read_text())["config"]
        return {
            key: each if isinstance(each, str) else json.dumps(each) for key, each in given.items()
        }, frozenset()

    @override
    def runs(self, stack: str) -> tuple[Run, ...]:
        return self.at_work.pop(0) if self.at_work else ()

    @override
    def run(self, *arguments: str, stdin: str = "") -> str:
        self.asked.append(arguments)
        return ""

    @override
    def follow(self, *arguments: str, environment: Mapping[str, str] = {}, aside: bool = False) -> int:
        assert aside
        self.asked.append(arguments)
        return self.codes.pop(0) if self.codes else 0


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    (tmp_path / "Pulumi.yaml").write_text("name: panda-infra\n")
    given = {**sections(hosts={}, components={"msgsvc": {}}), "standby": {"of": "demo", "by": "demo-2"}}
    text = yaml.safe_dump({"config": {f"panda-infra:{key}": each for key, each in given.items()}})
    (tmp_path / "Pulumi.demo.yaml").write_text(text)
    return FakePulumi("pulumi", tmp_path)


def site(pulumi: FakePulumi, said: list[str] | None = None, stack: str = "demo") -> SiteByEngine:
    return SiteByEngine(Project(pulumi.folder), pulumi, stack, (said if said is not None else []).append)


def test_its_file_is_read_again_when_it_was_changed(pulumi: FakePulumi) -> None:
    found = site(pulumi)
    assert found.config() is found.config()
    found.write({("standby", "of"): "demo-2", ("standby", "term"): 2, ("standby", "tokens", "idds"): "eyJ9"})
    section = found.config().standby
    assert section
    assert (section.of, section.by, section.term, section.tokens) == ("demo-2", "demo-2", 2, {"idds": "eyJ9"})
    assert pulumi.asked == [("config",), ("config",)]
    assert "term: 2\n" in (pulumi.folder / "Pulumi.demo.yaml").read_text()


def test_its_role_is_that_of_its_state(pulumi: FakePulumi) -> None:
    assert site(pulumi).role() == Role(True, 1, "demo-2")
    assert site(pulumi, stack="demo-2").role() is None


def test_it_is_deployed_by_the_engine(pulumi: FakePulumi) -> None:
    found = site(pulumi)
    found.up()
    assert pulumi.asked == [("up", "--yes", "--skip-preview", "--stack", "demo")]
    pulumi.codes.append(1)
    with pytest.raises(PandaInfraError, match="start this command again"):
        found.up()


def test_a_run_at_work_is_awaited_and_a_dead_one_cancelled(pulumi: FakePulumi) -> None:
    said: list[str] = []
    pulumi.at_work.extend([(_RUN,), (_RUN,)])
    site(pulumi, said).up()
    assert len(said) == 2
    assert "somebody@here (pid 1)" in said[0]
    assert [each[0] for each in pulumi.asked] == ["up"]
    pulumi.asked.clear()
    pulumi.at_work.append((Run(_RUN.since, _RUN.by, dead=True),))
    site(pulumi).up()
    assert pulumi.asked[0] == ("cancel", "--yes", "--stack", "demo")
    assert [each[0] for each in pulumi.asked] == ["cancel", "up"]


def test_a_cluster_that_does_not_answer_is_an_error(pulumi: FakePulumi) -> None:
    with pytest.raises(PandaInfraError):
        site(pulumi).api()


def test_whether_anything_answers_at_its_address(pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(time, "monotonic", lambda: sum(pauses))
    assert not site(pulumi).answers(), "it has no address"
    found, api = site(pulumi), FakeApi()
    found._access = Access(api)
    api.silent = 3
    assert found.answers()
    api.silent = 1000
    assert not found.answers()
    assert sum(pauses) >= 10
