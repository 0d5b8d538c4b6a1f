"""The workflow for a developer's fork."""

from __future__ import annotations

import re
from typing import Any

import yaml

from panda_infra.developers.request import NewImage
from panda_infra.developers.workflow import CHECKOUT, workflow
from tools import REPOSITORY


def _read(**changes: Any) -> Any:
    given = {"repository": "me/panda-infra", "branch": "my-feature", **changes}
    # YAML 1.1 takes `on` for true.
    return yaml.load(workflow("alice", **given), yaml.BaseLoader)


def test_a_push_to_the_branch_runs_one_command() -> None:
    found = _read()
    assert found["on"] == {"push": {"branches": ["my-feature"]}}
    *_, last = found["jobs"]["up"]["steps"]
    assert last["run"].splitlines()[-1] == ".venv/bin/python -m panda_infra dev up alice"
    assert found["jobs"]["up"]["steps"][0]["with"]["repository"] == "me/panda-infra"


def test_images_of_the_fork_have_the_commit_as_their_tag() -> None:
    *_, last = _read(images=[NewImage("panda", "server", "ghcr.io/me/x", "left-out")])["jobs"]["up"]["steps"]
    assert last["run"].endswith("dev up alice --image panda.server=ghcr.io/me/x:$GITHUB_SHA\n")


def test_a_kubeconfig_comes_from_a_secret_and_is_private() -> None:
    *_, write, _ = _read(kubeconfig="~/.kube/config")["jobs"]["up"]["steps"]
    assert write["env"] == {"KUBECONFIG_TEXT": "${{ secrets.KUBECONFIG_TEXT }}"}
    assert '> "$HOME/.kube/config"' in write["run"]
    assert "umask 077" in write["run"]


def test_its_action_is_pinned_like_ours() -> None:
    ours = (REPOSITORY / ".github" / "workflows" / "preview.yml").read_text()
    assert set(re.findall(r"actions/checkout@[0-9a-f]{40}", ours)) == {CHECKOUT}


def test_no_secret_stands_in_a_command() -> None:
    assert all("secrets." not in step.get("run", "") for step in _read(kubeconfig="k")["jobs"]["up"]["steps"])
