"""Which stack lends its cluster, and which are developers'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panda_infra.developers.names import name_of
from panda_infra.developers.parents import developer_stack, developer_stacks, lender, refuse_taken_hosts
from panda_infra.errors import PandaInfraError
from panda_infra.stacks.document import compose
from panda_infra.stacks.project import Project
from tests.support.stacks import sections

_DEVELOPER = {"developer": {"parent": "theirs", "user": "alice"}, "namespace": "dev-alice"}


@pytest.fixture
def here(tmp_path: Path) -> Project:
    return Project(tmp_path)


def write(here: Project, stack: str, **overrides: Any) -> None:
    (here.folder / f"Pulumi.{stack}.yaml").write_text(compose(sections(**overrides), stack))


def test_the_only_stack_that_lends_is_the_parent(here: Project) -> None:
    write(here, "theirs", developers={"days": 7})
    write(here, "other")
    assert lender(here, None).stack == "theirs"
    assert lender(here, "other").stack == "other"
    write(here, "third", developers={"days": 7})
    with pytest.raises(PandaInfraError, match=r"--from STACK.*theirs, third"):
        lender(here, None)


def test_a_developers_stack_lends_nothing(here: Project) -> None:
    write(here, "dev-alice", **_DEVELOPER)
    with pytest.raises(PandaInfraError, match="no cluster of its own to lend"):
        lender(here, "dev-alice")


def test_only_stacks_with_the_section_are_developers(here: Project) -> None:
    write(here, "dev-alice", **_DEVELOPER)
    write(here, "dev-bob")
    (here.folder / "Pulumi.broken.yaml").write_text("config: [")
    assert [each.stack for each in developer_stacks(here)] == ["dev-alice"]
    assert developer_stack(here, name_of("alice")).stack == "dev-alice"
    with pytest.raises(PandaInfraError, match="stack dev-bob is no developer's"):
        developer_stack(here, name_of("bob"))
    with pytest.raises(PandaInfraError, match=r"no Pulumi.dev-carl.yaml; there are dev-alice"):
        developer_stack(here, name_of("carl"))


def test_a_host_of_another_stack_is_refused(here: Project) -> None:
    write(here, "theirs", hosts={"panda": "alice-panda.localhost"})
    refuse_taken_hosts(here, "theirs", iter(["alice-panda.localhost"]))
    with pytest.raises(PandaInfraError, match="but stack theirs has them"):
        refuse_taken_hosts(here, "dev-alice", iter(["alice-panda.localhost"]))
