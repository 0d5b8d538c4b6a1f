"""What Renovate finds by renovate.json, against every version that the project pins."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panda_infra.config.node_recovery import PYTHON_IMAGE
from panda_infra.products.ctao.versions import CE_IMAGE, DAEMONS_IMAGE, DIRACX_TASKS_IMAGE, FTS_IMAGE
from panda_infra.products.registry import COMPONENTS
from tools import REPOSITORY, versions

_CONFIG: dict[str, Any] = json.loads((REPOSITORY / "renovate.json").read_text())
# What another version decides.
_FOLLOWING = {
    "PULUMI_KUBERNETES_MODULE": "the pseudo-version of PULUMI_KUBERNETES' commit",
    "TERRAFORM_PROVIDER_OPENSTACK": "what PULUMI_OPENSTACK bridges",
    "PULUMI_TERRAFORM_BRIDGE": "what PULUMI_OPENSTACK is built with",
}


def _found(beginning: str, below: str = "") -> Iterator[dict[str, str]]:
    """The groups of each match of the custom manager whose description begins so, in files below a folder."""
    (manager,) = [each for each in _CONFIG["customManagers"] if each["description"].startswith(beginning)]
    patterns = [re.compile(text.strip("/")) for text in manager["managerFilePatterns"]]
    for file in [*(REPOSITORY / "panda_infra").rglob("*.py"), *(REPOSITORY / "tools").glob("*.py")]:
        name = file.relative_to(REPOSITORY).as_posix()
        if name.startswith(below) and any(pattern.search(name) for pattern in patterns):
            for text in manager["matchStrings"]:
                for match in re.finditer(text.replace("(?<", "(?P<"), file.read_text()):
                    yield match.groupdict()


def test_every_tool_is_found_or_follows_another() -> None:
    pinned = {
        name: value
        for name, value in vars(versions).items()
        if name.isupper() and isinstance(value, str) and name not in _FOLLOWING
    }
    found = [match["currentValue"] for match in _found("Versions by", "tools/")]
    assert sorted(found) == sorted(pinned.values())


def test_every_chart_is_found() -> None:
    found = {match["depName"]: match["currentValue"] for match in [*_found("Charts"), *_found("Versions by")]}
    of_others = {spec.chart_name: spec.version for spec in COMPONENTS.values() if not spec.ships}
    comment = "write `# renovate: datasource=... depName=CHART` above the constant with a chart's version"
    assert of_others.items() <= found.items(), comment


def test_every_image_that_the_program_sets_is_found() -> None:
    found = {
        (match["depName"], match["currentValue"]) for match in [*_found("Images"), *_found("Versions by")]
    }
    ours = {sub.image for spec in COMPONENTS.values() for sub in spec.sub_components if sub.image is not None}
    # Both images of the UI are published with one version, and so are Rucio's, DiracX', DIRAC's and those of its tests.
    others = {CE_IMAGE, DAEMONS_IMAGE, DIRACX_TASKS_IMAGE, FTS_IMAGE}
    comment = (
        "call the constant ..._IMAGE, or write `# renovate: datasource=... depName=...` above that of its tag"
    )
    assert ours - found == {("ghcr.io/pandawms/panda-ui-backend", "6.0"), *others}, comment
    assert _constants() <= {name for name, _ in found}


def _constants() -> set[str]:
    """The images, without tags, that constants of the program name in one text."""
    modules = (ast.parse(file.read_text()) for file in (REPOSITORY / "panda_infra").rglob("*.py"))
    assigned = (node for module in modules for node in module.body if isinstance(node, ast.Assign))
    images = (
        str(node.value.value)
        for node in assigned
        if ast.unparse(node.targets[0]).endswith("_IMAGE") and isinstance(node.value, ast.Constant)
    )
    return {image.partition("@")[0].rpartition(":")[0] for image in images if ":" in image}


def test_digests_are_updated_with_their_tags() -> None:
    digests = {match["depName"]: match.get("currentDigest") for match in _found("Images")}
    assert digests["docker.io/library/python"] == PYTHON_IMAGE.partition("@")[2]


@pytest.mark.parametrize(
    "file", sorted((REPOSITORY / ".github").rglob("*.yml")), ids=lambda file: str(file.name)
)
def test_actions_are_pinned_in_the_form_that_is_updated(file: Path) -> None:
    used = re.findall(r"uses: ([^.\s].*)", file.read_text())
    assert [each for each in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v\d+(\.\d+)*", each)] == []


def test_managers_without_a_pattern_of_their_own_find_their_files() -> None:
    default = {"gomod": "tools/modules/*/go.mod", "gitlabci": ".gitlab-ci.yml", "pep621": "pyproject.toml"}
    assert set(_CONFIG["enabledManagers"]) == {*default, "custom.regex", "github-actions", "pip_requirements"}
    assert [name for name, pattern in default.items() if not list(REPOSITORY.glob(pattern))] == []


def test_the_services_of_the_test_bed_are_found() -> None:
    (pattern,) = _CONFIG["pip_requirements"]["managerFilePatterns"]
    found = [
        file
        for file in REPOSITORY.glob("testbed/**/*.in")
        if re.search(pattern.strip("/"), file.relative_to(REPOSITORY).as_posix())
    ]
    assert [file.name for file in found] == ["requirements.in"]
    assert "==" in found[0].read_text()
