"""Private keys as the pods of DPPS have them: nobody but their program reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from panda_infra.secrets.generate import stand_ins
from testbed.charts import FIXTURES
from tests.support import ctao
from tests.unit.stacks.rendered import Rendered, rendered_stack
from tools.errors import ToolsError
from tools.toolchain import ensure

_USUAL = 0o644
_WORKLOADS = ("CronJob", "DaemonSet", "Deployment", "Job", "StatefulSet")
_ROBOT = {"settings": {"robot": "CN=Robot: DPPS,O=CTAO,DC=cta,DC=org"}}


@pytest.fixture(scope="module")
def rendered() -> Rendered:
    """Every component, whose daemons have the certificate of a robot."""
    try:
        helm = ensure(["helm"]).path("helm")
    except ToolsError as error:
        pytest.skip(f"helm is not available: {error}")
    config = ctao.stack(components={**ctao.COMPONENTS, "rucio-daemons": _ROBOT})
    config = config.model_copy(update={"secrets": stand_ins(config)})
    return rendered_stack(helm, FIXTURES, "ctao", config)


def is_private(content: bytes) -> bool:
    """True of a key as PEM, or as a set for signing tokens."""
    if b"PRIVATE KEY-----" in content:
        return True
    try:
        keys = json.loads(content)["keys"]
    except (ValueError, TypeError, KeyError):
        return False
    return any("d" in key for key in keys)


def pods(rendered: Rendered) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in rendered.of_kind(*_WORKLOADS):
        spec = each["spec"]
        spec = spec["jobTemplate"]["spec"] if each["kind"] == "CronJob" else spec
        yield f"{each['kind']}/{each['metadata']['name']}", spec["template"]["spec"]


def sources(volume: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], int]]:
    """The Secrets of a volume, with the mode of their files."""
    projected = volume.get("projected") or {}
    for one in [volume, *projected.get("sources", ())]:
        if secret := one.get("secret"):
            yield secret, secret.get("defaultMode", projected.get("defaultMode", _USUAL))


def modes_of_keys(rendered: Rendered) -> dict[str, int]:
    """The mode of every file with a private key, by workload and file."""
    contents = {rendered.plan.names.secret(suffix): each.data for suffix, each in rendered.secrets.items()}
    found: dict[str, int] = {}
    for workload, pod in pods(rendered):
        for volume in pod.get("volumes") or ():
            for secret, mode in sources(volume):
                name = secret.get("secretName") or secret["name"]
                data = contents.get(name, {})
                for item in secret.get("items") or [{"key": key} for key in data]:
                    if is_private(data[item["key"]]):
                        found[f"{workload} {volume['name']} {item['key']}"] = item.get("mode", mode)
    return found


def test_no_other_user_of_a_pod_reads_a_private_key(rendered: Rendered) -> None:
    found = modes_of_keys(rendered)
    assert {each.partition(" ")[0] for each in found} >= {
        "Deployment/ctao-rucio-server",
        "Deployment/ctao-rucio-daemons-reaper",
        "Deployment/ctao-dirac-master-cs",
        "Deployment/ctao-xrootd-first",
        "Deployment/ctao-dex-server",
        "Deployment/ctao-diracx-server",
    }
    assert {where: f"{mode:o}" for where, mode in found.items() if mode & 0o077} == {}


def test_who_is_not_root_reads_it_as_the_pods_group(rendered: Rendered) -> None:
    """The node adds the rights of the group where a pod has one; without it, the files are root's alone."""
    groups = {name: (pod.get("securityContext") or {}).get("fsGroup") for name, pod in pods(rendered)}
    for part in ("dex-server", "dirac-master-cs", "diracx-server", "diracx-scheduler"):
        assert groups[f"Deployment/ctao-{part}"] == 1000, part
