"""Upstream's own charts delivered by a real Argo CD, which then has nothing to heal for two minutes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.argocd_bed.bed import ArgoCd
from testbed.bed import Bed
from tests.support.beside_argocd import DELIVERED, ArgoStack, by_annotation

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_POLLING = 15
_LOOKS = 8


@pytest.fixture(scope="module")
def argo(bed: Bed) -> Iterator[ArgoCd]:
    with by_annotation(bed, polling=_POLLING) as argo:
        yield argo


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Nothing is collected without a checkout."""
    if "upstream" in metafunc.fixturenames:
        checkout: Path | None = metafunc.config.getoption("--upstream-charts")
        metafunc.parametrize("upstream", [checkout] if checkout else [], ids=str)


def test_upstreams_charts_are_synced_once_and_never_healed(upstream: Path, argo: ArgoCd, bed: Bed) -> None:
    repository = argo.git.repository("panda-k8s")
    revision = repository.copy(upstream / "helm", "helm")
    charts = {"kind": "git", "url": repository.url, "revision": revision, "path": "helm"}
    stack = ArgoStack(bed, "upstream", DELIVERED | {"panda-infra:charts": charts})
    stack.up()
    syncs, uids = stack.syncs(argo), stack.uids()
    assert len(syncs) == 8
    seen: dict[str, set[str]] = {name: set() for name in syncs}

    def looked_often() -> bool:
        for name, each in stack.applications(argo).items():
            seen[name].add(each["status"]["reconciledAt"])
        return all(len(looks) >= _LOOKS for looks in seen.values())

    stack.until(looked_often, f"{_LOOKS} comparisons of every Application", 600)
    assert stack.syncs(argo) == syncs
    assert stack.uids() == uids
    stack.up("--expect-no-changes")
    result = stack.workspace.destroy()
    assert result.code == 0, result.text
    assert stack.applications(argo) == {}
    assert stack.is_gone()
