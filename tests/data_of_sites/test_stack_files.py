"""What the stack files of this repository must keep beside the rules of `check`, so that people find their way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.sites import sites
from panda_infra.products.registry import EXPERIMENTS
from panda_infra.reference.pages import DOCS
from panda_infra.reference.stack_pages import FOLDER, stack_pages
from panda_infra.stacks.project import Project
from panda_infra.tree import leaves
from tests.support import fast_yaml
from tests.support.ci_jobs import GITHUB, GITLAB
from tests.support.panda import COMPONENTS
from tests.support.stack_files import STACKS, stack_file
from tools import REPOSITORY

_PROJECT = Project(REPOSITORY)
_DRAWN = "local"
_SITES = sorted((REPOSITORY / "sites").glob("*.yaml"))


@pytest.mark.parametrize("stack", STACKS)
def test_editors_find_the_schema_of_a_stack(stack: str) -> None:
    line = "# yaml-language-server: $schema=docs/stack.schema.json\n"
    assert stack_file(stack).read_text().startswith(line), f"begin the file with: {line}"


@pytest.mark.parametrize("file", _SITES, ids=lambda file: str(file.stem))
def test_editors_find_the_schema_of_a_site(file: Path) -> None:
    line = "# yaml-language-server: $schema=../docs/site.schema.json\n"
    assert file.read_text().startswith(line), f"begin the file with: {line}"


def test_the_page_of_each_stack_is_current() -> None:
    made = stack_pages(_PROJECT)
    found = {f"{FOLDER}/{file.name}": file for file in (DOCS / FOLDER).glob("*.md")}
    found |= {name: DOCS / name for name in made if (DOCS / name).is_file()}
    stale = {name for name, text in made.items() if name not in found or found[name].read_text() != text}
    assert stale | (found.keys() - made.keys()) == set(), "run: make docs"


@pytest.mark.skipif(_DRAWN not in STACKS, reason="no stack is drawn")
def test_the_drawn_stack_has_every_component() -> None:
    components = _PROJECT.load(_DRAWN).config.components
    assert set(components.deployed()) == {name for name, spec in COMPONENTS.items() if spec.upstream}


def test_the_workflows_know_every_stack() -> None:
    # Those for one run are deployed nowhere to stay.
    experiments = {stack: _PROJECT.load(stack).config.experiment for stack in STACKS}
    stacks = sorted(stack for stack in STACKS if not EXPERIMENTS[experiments[stack]].on_test_bed)
    drift = fast_yaml.load((GITHUB / "drift.yml").read_text())["jobs"]["drift"]
    assert drift["strategy"]["matrix"]["stack"] == stacks, "write the stacks into .github/workflows/drift.yml"
    matrix = fast_yaml.load(GITLAB.read_text())[".every-stack"]["parallel"]["matrix"]
    assert matrix == [{"STACK": stacks}], "write the stacks into .gitlab-ci.yml"


@pytest.mark.skipif("ctao" not in STACKS, reason="DPPS is not deployed")
def test_the_rehearsal_of_dpps_covers_what_stands_beside_components() -> None:
    config = _PROJECT.load("ctao").config
    assert config.monitoring is not None
    assert config.monitoring.kind != "none"
    assert config.network_policies is not None
    assert config.network_policies.kind != "none"
    assert config.backup is not None


def _stacks(site: str) -> dict[str, dict[str, Any]]:
    found = {}
    for file in map(stack_file, STACKS):
        config = fast_yaml.load(file.read_text())["config"]
        if config.get("panda-infra:site") == site:
            found[file.name] = config
    return found


def _is_end(part: Any) -> bool:
    return isinstance(part, list) or not part


def _leaves(value: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Path and value of each end; a list is one, because a stack's file replaces a site's list as a whole."""
    return ((path, json.dumps(end)) for path, end in leaves(value, until=_is_end))


@pytest.mark.parametrize("site", sites(REPOSITORY))
def test_what_the_stacks_of_a_site_share_stands_in_its_file_alone(site: str) -> None:
    stacks = _stacks(site)
    if len(stacks) < 2:
        return  # nothing is shared yet
    own = [
        {leaf for leaf in _leaves(config) if str(leaf[0][0]).startswith("panda-infra:")}
        for config in stacks.values()
    ]
    shared = set.intersection(*own) - {(("panda-infra:site",), json.dumps(site))}
    assert not shared, f"write this into sites/{site}.yaml instead"


@pytest.mark.parametrize("site", sites(REPOSITORY))
def test_no_stack_repeats_its_site(site: str) -> None:
    said = {
        (f"panda-infra:{path[0]}", *path[1:]): value
        for path, value in _leaves(fast_yaml.load((REPOSITORY / "sites" / f"{site}.yaml").read_text()))
    }
    for name, config in _stacks(site).items():
        repeated = {path for path, value in _leaves(config) if said.get(path) == value}
        assert not repeated, f"{name} need not say this"
