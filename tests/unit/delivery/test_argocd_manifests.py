"""The manifests of Argo CD are those that the stack file pins, from wherever they come."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from panda_infra.delivery.argocd_manifests import check_manifests, manifests_of
from panda_infra.errors import Problem
from panda_infra.plan.make import make_plan
from tests.support.argocd_manifests import install_yaml, manifests
from tests.support.stacks import stack


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PANDA_INFRA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    file = tmp_path / "install.yaml"
    file.write_bytes(install_yaml())
    return file


def found(file: Path, *, version: str = "2.13.6", sha256: str = "") -> list[Problem]:
    content = file.read_bytes() if file.exists() else b""
    pinned = {"location": str(file), "sha256": sha256 or hashlib.sha256(content).hexdigest()}
    return check_manifests(make_plan("doma", stack(argocd={"version": version, "manifests": pinned})))


def test_a_stack_without_argo_cd_needs_none() -> None:
    assert check_manifests(make_plan("doma", stack())) == []
    assert check_manifests(make_plan("doma", stack(argocd={"existing": True}))) == []


def test_a_file_is_read_once_and_then_kept(mirror: Path) -> None:
    pinned = {"location": str(mirror), "sha256": hashlib.sha256(mirror.read_bytes()).hexdigest()}
    config = stack(argocd={"version": "2.13.6", "manifests": pinned})
    assert config.argocd
    assert manifests_of(config.argocd) == manifests()
    mirror.unlink()
    assert manifests_of(config.argocd) == manifests()
    assert check_manifests(make_plan("doma", config)) == []


def test_another_file_is_refused(mirror: Path) -> None:
    (problem,) = found(mirror, sha256=64 * "0")
    assert problem.where == "argocd.manifests"
    assert f"not {64 * '0'}" in problem.what


def test_the_file_of_another_version_is_refused(mirror: Path) -> None:
    (problem,) = found(mirror, version="2.13.5")
    assert "it is of version 2.13.6, not 2.13.5" in problem.what


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    (problem,) = found(tmp_path / "none.yaml")
    assert "cannot be read: No such file" in problem.what


def test_a_file_of_something_else_is_reported(mirror: Path) -> None:
    mirror.write_text("<html>")
    (problem,) = found(mirror)
    assert "it is no list of Kubernetes objects" in problem.what


def test_no_module_is_reported_with_the_way_around_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOPROXY", f"file://{tmp_path}")
    (problem,) = check_manifests(make_plan("doma", stack(argocd={"version": "2.13.6"})))
    assert problem.where == "argocd.version"
    assert "GOPROXY" in problem.fix
    assert "argocd.manifests" in problem.fix
