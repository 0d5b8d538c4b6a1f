"""CVMFS as the charts render it: static volumes with claims of their own, read-only, and names that nobody else has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panda_infra.plan.demands import CVMFS_DRIVER
from panda_infra.plan.footprint import outside
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.workloads import Daemon
from panda_infra.secrets.generate import stand_ins
from tests.support.stacks import stack
from tests.unit.stacks.rendered import Rendered, rendered_stack

_BOTH = [
    {"name": "atlas", "repository": "atlas.cern.ch"},
    {"name": "atlas-condb", "repository": "atlas-condb.cern.ch"},
]
_MOUNTING = {
    (spec.name, sub.name)
    for spec in COMPONENTS.values()
    for sub in spec.sub_components
    if issubclass(type(getattr(spec.config(), sub.attribute)), Daemon) and spec.upstream
}


def rendered_with(helm: Path, charts: Path, mounted: list[dict[str, str]], affix: str = "") -> Rendered:
    components: dict[str, Any] = {name: {} for name in COMPONENTS if (charts / name).is_dir()}
    for component, sub in _MOUNTING:
        components[component] = {**components[component], sub: {"cvmfs": mounted}}
    config = stack(components=components, affix=affix)
    return rendered_stack(helm, charts, "local", config.model_copy(update={"secrets": stand_ins(config)}))


def volumes(found: Rendered) -> dict[str, dict[str, Any]]:
    return {
        item["metadata"]["name"]: item["spec"]
        for item in found.of_kind("PersistentVolume")
        if (item["spec"].get("csi") or {}).get("driver") == CVMFS_DRIVER
    }


def others(found: Rendered) -> set[tuple[str, str]]:
    mine = volumes(found).keys()
    return {
        (item["kind"], item["metadata"]["name"])
        for objects in found.releases.values()
        for item in objects
        if item["metadata"]["name"] not in mine
    }


@pytest.fixture
def mounted(helm: Path, charts: Path) -> Rendered:
    return rendered_with(helm, charts, _BOTH)


def test_every_component_that_can_mount_it_has_volumes_of_its_own(mounted: Rendered) -> None:
    found = volumes(mounted)
    names = mounted.plan.names
    assert found.keys() == {
        f"{names.workload(component, sub)}-cvmfs-{each['name']}"
        for component, sub in _MOUNTING
        for each in _BOTH
    }
    assert {("panda", "server"), ("panda", "jedi"), ("harvester", "harvester"), ("idds", "rest")} <= _MOUNTING
    handles = [volume["csi"]["volumeHandle"] for volume in found.values()]
    assert len(set(handles)) == len(handles)


def test_volumes_are_static_read_only_and_kept(mounted: Rendered) -> None:
    claims = mounted.claims()
    for name, volume in volumes(mounted).items():
        assert volume["accessModes"] == ["ReadOnlyMany"]
        assert volume["persistentVolumeReclaimPolicy"] == "Retain"
        assert volume["storageClassName"] == claims[name]["storageClassName"] == "cvmfs"
        assert claims[name]["volumeName"] == name
        assert claims[name]["accessModes"] == ["ReadOnlyMany"]


def test_pods_mount_them_read_only_at_the_repositorys_path(mounted: Rendered) -> None:
    repositories = {
        name: volume["csi"]["volumeAttributes"]["repository"] for name, volume in volumes(mounted).items()
    }
    seen = set()
    for workload in mounted.workloads():
        mounts = {
            mount["name"]: mount["mountPath"] for mount in workload.containers[-1].get("volumeMounts") or ()
        }
        for volume in workload.pod.get("volumes") or ():
            claim = volume.get("persistentVolumeClaim") or {}
            if claim.get("claimName") in repositories:
                assert claim["readOnly"] is True
                assert mounts[volume["name"]] == f"/cvmfs/{repositories[claim['claimName']]}"
                seen.add(claim["claimName"])
    assert seen == repositories.keys()


def test_what_a_plan_says_it_makes_outside_is_what_is_made(mounted: Rendered) -> None:
    assert {each.name for each in outside(mounted.plan) if each.kind == "PersistentVolume"} == volumes(
        mounted
    ).keys()


def test_two_stacks_with_affixes_share_no_volume(helm: Path, charts: Path, mounted: Rendered) -> None:
    second = rendered_with(helm, charts, _BOTH, affix="-dev")
    assert not volumes(mounted).keys() & volumes(second).keys()


def test_taking_it_away_removes_these_objects_and_no_other(
    helm: Path, charts: Path, mounted: Rendered
) -> None:
    without = rendered_with(helm, charts, [])
    assert volumes(without) == {}
    assert others(without) == others(mounted)
