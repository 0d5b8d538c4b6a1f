"""`pin` and `promote` write digests into stack files, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panda_infra.pins import lookup
from tests.support import fast_yaml

_ONE, _TWO = ("sha256:" + digit * 64 for digit in "12")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The digest that every registry gives."""
    content = {"digest": _ONE}
    monkeypatch.setattr(lookup, "chart_digest", lambda *_: content["digest"])
    monkeypatch.setattr(lookup, "image_digest", lambda *_: content["digest"])
    return content


def components(file: Path) -> Any:
    return fast_yaml.load(file.read_text())["config"]["panda-infra:components"]


@pytest.mark.usefixtures("registry")
def test_all_that_runs_is_pinned_and_nothing_else_changes(run: Any, stack_file: Path) -> None:
    stack_file.write_text(stack_file.read_text() + "  # the end\n")
    before = stack_file.read_text()
    result = run("pin", "small")
    assert result.exit_code == 0, result.stderr
    assert components(stack_file)["panda"]["server"]["image"]["digest"] == _ONE
    assert components(stack_file)["panda"]["server"]["replicas"] == 2
    added = [line for line in stack_file.read_text().splitlines() if line not in before.splitlines()]
    assert all(line.split(":")[0].strip() for line in added)
    assert stack_file.read_text().endswith("  # the end\n")
    again = run("pin", "small")
    assert "has all of it already" in again.stderr
    assert again.stdout == ""


@pytest.mark.usefixtures("registry")
def test_one_component_and_no_writing(run: Any, stack_file: Path) -> None:
    before = stack_file.read_text()
    result = run("pin", "small", "msgsvc", "--dry-run", "--json")
    assert result.exit_code == 0, result.stderr
    assert stack_file.read_text() == before
    assert fast_yaml.load(result.stdout).keys() == {
        f"components.msgsvc.{key}" for key in ("chart.version", "chart.digest")
    } | {f"components.msgsvc.activemq.image.{key}" for key in ("tag", "digest")}


def test_what_was_overwritten_stays_as_reviewed_until_somebody_wants_it(
    run: Any, stack_file: Path, registry: dict[str, str]
) -> None:
    run("pin", "small", "msgsvc")
    registry["digest"] = _TWO
    kept = run("pin", "small", "msgsvc")
    assert kept.exit_code == 0
    assert f"is now {_TWO}, not the pinned {_ONE}" in kept.stderr
    assert components(stack_file)["msgsvc"]["chart"]["digest"] == _ONE
    taken = run("pin", "small", "msgsvc", "--update")
    assert taken.exit_code == 0
    assert "warning" not in taken.stderr
    assert components(stack_file)["msgsvc"]["chart"]["digest"] == _TWO


def test_a_registry_without_one_of_them_changes_nothing(
    run: Any, stack_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "chart_digest", lambda *_: _ONE)
    monkeypatch.setattr(lookup, "image_digest", lambda *_: "")
    before = stack_file.read_text()
    result = run("pin", "small")
    assert result.exit_code == 1
    assert "components.panda.server.image: has no digest at its registry" in result.stderr
    assert stack_file.read_text() == before


@pytest.mark.usefixtures("registry")
def test_what_was_tried_becomes_what_another_stack_runs(run: Any, stack_file: Path) -> None:
    other = stack_file.with_name("Pulumi.large.yaml")
    other.write_text(stack_file.read_text().replace("replicas: 2", "replicas: 5"))
    refused = run("promote", "small", "--to", "large")
    assert refused.exit_code == 1
    assert "has no digest in small" in refused.stderr
    run("pin", "small")
    shown = run("promote", "small", "--to", "large", "--dry-run")
    assert f"components.msgsvc.chart.digest: {_ONE}" in shown.stdout
    assert "digest" not in other.read_text()
    done = run("promote", "small", "--to", "large")
    assert done.exit_code == 0, done.stderr
    assert components(other)["panda"]["server"]["image"]["digest"] == _ONE
    assert components(other)["panda"]["server"]["replicas"] == 5
    assert "already" in run("promote", "small", "--to", "large").stderr


@pytest.mark.usefixtures("registry")
def test_a_change_that_breaks_a_rule_is_not_written(run: Any, stack_file: Path) -> None:
    other = stack_file.with_name("Pulumi.large.yaml")
    other.write_text(stack_file.read_text())
    before = other.read_text()
    unprotected = stack_file.read_text() + "  panda-infra:lifecycle: {protect: false}\n"
    stack_file.write_text(unprotected.replace("replicas: 2", "{replicas: 2, image: {tag: latest}}"))
    pinned = run("pin", "small")
    assert pinned.exit_code == 0, pinned.stderr
    refused = run("promote", "small", "--to", "large")
    assert refused.exit_code == 1
    assert "latest" in refused.stderr
    assert other.read_text() == before
