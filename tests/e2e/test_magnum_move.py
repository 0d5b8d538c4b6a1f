"""A stack moves to a new cluster by the commands of the page, and back."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panda_infra.secrets.generate import revealed, stand_ins
from testbed import site
from testbed.bed import Bed
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.workspace import Workspace, overridden
from tests.support import fast_yaml
from tests.support.documented import documented
from tests.support.magnum import numbers
from tests.support.pages import Command
from tools import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.long]

HOST = "pandaserver-doma"
SMALL = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
OLD, NEW = "panda-doma-k8s", "panda-doma-2-k8s"


class Move:
    """A project folder with the stacks of the page, on a cloud."""

    def __init__(self, workspace: Workspace, cloud: OpenStackBed) -> None:
        self.workspace = workspace
        self.cloud = cloud

    def run(self, command: Command, *, code: int = 0) -> str:
        """A command of the page, unattended; what it shows."""
        words = list(command.words)
        if words[0] == "python":
            words[0] = sys.executable
        if words[:2] == ["pulumi", "up"] or "destroy" in words:
            words.append("--yes")
        if words[0] == "pulumi":
            words.append("--non-interactive")
        environment = {**os.environ, **self.workspace.environment(), **self.cloud.environment()}
        done = subprocess.run(
            words, cwd=self.workspace.folder, env=environment, capture_output=True, text=True, check=False
        )
        text = done.stdout + done.stderr
        assert done.returncode == code, f"{shlex.join(words)}\n{text}"
        assert "Traceback" not in text
        return text

    def describe(self, stack: str, **changes: Any) -> None:
        """Replace keys of the section `cluster` of a stack; None removes one."""
        file = self.workspace.folder / f"Pulumi.{stack}.yaml"
        document = fast_yaml.load(file.read_text())
        section = document["config"]["panda-infra:cluster"] | changes
        document["config"]["panda-infra:cluster"] = {k: v for k, v in section.items() if v is not None}
        file.write_text(fast_yaml.dump(document, sort_keys=False))

    def serving(self) -> dict[str, list[int]]:
        """The numbers of the alias of `HOST` by cluster."""
        return numbers(self.cloud, HOST, {OLD: OLD, NEW: NEW})


@pytest.fixture
def move(cloud: OpenStackBed, bed: Bed, tmp_path: Path) -> Iterator[Move]:
    """The stack of DOMA with the broker alone, on the cluster of four workers that it leaves."""
    file = REPOSITORY / "Pulumi.doma.yaml"
    whole = overridden(file, {})
    document = site.filled(
        file,
        {
            "panda-infra:cluster": whole["panda-infra:cluster"]
            | {"name": OLD, "keypair": OLD, "publicKey": PUBLIC, "nodeCount": 4, "flavor": "m2.large"}
            | {"masterFlavor": "m2.medium"},
            "panda-infra:charts": {"kind": "oci", "repository": bed.chart_repository},
            "panda-infra:components": {"msgsvc": {"timeout": 180, "activemq": {"resources": SMALL}}},
            "panda-infra:hosts": {},
            "panda-infra:lifecycle": {"protect": False},
        },
    )
    del document["panda-infra:site"]  # which brings more components
    document["panda-infra:cluster"]["aliasHosts"] = [f"{HOST}.cern.ch"]
    workspace = Workspace(tmp_path / "doma", "doma")
    workspace.create(document)
    (workspace.folder / "policy").symlink_to(REPOSITORY / "policy")
    workspace.encrypt("panda-infra:secrets", revealed(stand_ins(site.configuration(document))))
    made = Move(workspace, cloud)
    yield made
    for stack in ("doma", "doma-2"):
        workspace.pulumi("destroy", "--yes", "--stack", stack, environment=cloud.environment())


PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGk5Yg3PbKxjkzGqgNVnMsV2jyvQ0kkzVgeXl1QZ1m2V move"


def test_a_stack_moves_node_by_node_and_back(move: Move) -> None:
    up_old = documented("pulumi up --policy-pack policy --stack doma")
    up_new = documented("pulumi up --policy-pack policy --stack doma-2")
    preview = documented("pulumi preview --policy-pack policy --stack doma-2")
    move.run(up_old)
    assert move.serving() == {OLD: [1, 2, 3, 4], NEW: []}

    move.run(documented("pulumi stack init doma-2 --copy-config-from doma"))
    move.describe("doma-2", name=NEW, keypair=NEW, nodeCount=2)
    refused = move.run(preview, code=1)
    assert f"aliases {HOST} lead to server {OLD}-" in refused
    move.describe("doma-2", aliases="standby")
    move.run(documented("python -m panda_infra check doma-2"))
    assert "this stack, on standby, writes none" in move.run(preview)
    move.run(up_new)
    assert "deployed" in move.run(documented("python -m panda_infra status doma-2"))
    assert move.serving() == {OLD: [1, 2, 3, 4], NEW: []}

    move.describe("doma-2", aliases=None, aliasOffset=3, aliasWorkers=1)
    assert "would number this cluster's workers 4" in move.run(preview, code=1)
    move.describe("doma-2", aliasOffset=4)
    move.run(up_new)
    assert move.serving() == {OLD: [1, 2, 3, 4], NEW: [5]}

    move.describe("doma-2", aliasWorkers=None)
    move.run(up_new)
    move.describe("doma", aliasWorkers=1)
    move.run(up_old)
    assert move.serving() == {OLD: [1], NEW: [5, 6]}
    move.describe("doma", aliasWorkers=None, aliases="standby")
    move.run(up_old)
    assert move.serving() == {OLD: [], NEW: [5, 6]}

    move.describe("doma", aliases=None, aliasWorkers=4)
    move.run(up_old)
    move.describe("doma-2", aliases="standby")
    move.run(up_new)
    assert move.serving() == {OLD: [1, 2, 3, 4], NEW: []}

    move.describe("doma-2", aliases=None)
    move.run(up_new)
    move.describe("doma", aliasWorkers=None, aliases="standby")
    move.run(up_old)
    assert "nothing is left" in move.run(documented("python -m panda_infra destroy doma"))
    assert move.serving() == {OLD: [], NEW: [5, 6]}
    assert [one.name for one in clusters(move)] == [NEW]


def clusters(move: Move) -> list[Any]:
    return list(move.cloud.connection().container_infrastructure_management.clusters())
