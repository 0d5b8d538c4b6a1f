from pathlib import Path

import pytest

from tests.unit.tools.conftest import Workshop
from tools import engine, toolchain
from tools.errors import ToolsError
from tools.parts import CLUSTER, HELM, PARTS, PLUGIN_KUBERNETES, REAL_NODE


def ensure(*parts: str) -> toolchain.Toolchain:
    return toolchain.ensure(parts, report=lambda _: None)


def test_select_keeps_the_order_of_building() -> None:
    assert [part.name for part in toolchain.select(["helm", "kwok"])] == ["kwok", "helm"]
    assert toolchain.select([]) == [part for part in PARTS.values() if not part.on_demand]


@pytest.mark.parametrize("name", ["pulumi", "language-python", "plugin-openstack"])
def test_select_brings_the_engine_along(name: str) -> None:
    assert {part.name for part in toolchain.select([name])} == {name, "pulumi", "language-python"}


def test_select_refuses_an_unknown_part() -> None:
    with pytest.raises(ToolsError, match="unknown part docker: the parts are control-plane, "):
        toolchain.select(["docker", "helm"])


def test_everything_is_built_where_nothing_is_installed(workshop: Workshop) -> None:
    made = ensure()
    parts = toolchain.select([])
    names = [each.name for part in parts for each in part.executables]
    assert all(made.path(name).exists() for name in names)
    assert made.home == engine.own_home()
    assert len(workshop.builds()) == len(parts)
    assert made == ensure()
    assert len(workshop.builds()) == len(parts)


def test_a_real_nodes_parts_are_built_only_for_whoever_asks(workshop: Workshop) -> None:
    assert not any(part.on_demand for part in toolchain.select([]))
    made = ensure(*(part.name for part in REAL_NODE))
    assert made.executables.keys() == {"kubelet", "kube-proxy", "coredns"}
    assert len(workshop.builds()) == len(REAL_NODE)


def test_only_what_is_asked_for_is_built(workshop: Workshop) -> None:
    made = ensure("helm")
    assert made.executables.keys() == {"helm"}
    assert len(workshop.builds()) == 1


def test_what_is_installed_is_used_and_needs_no_go(workshop: Workshop) -> None:
    (workshop.bin / "go").unlink()
    for part in CLUSTER:
        for executable in part.executables:
            workshop.install(executable.name, executable.version)
    made = ensure(*(part.name for part in CLUSTER))
    assert made.path("etcd") == workshop.bin / "etcd"
    assert made.path("helm") == workshop.bin / "helm"


def test_a_missing_go_is_reported(workshop: Workshop) -> None:
    (workshop.bin / "go").unlink()
    with pytest.raises(ToolsError, match="Go is not on PATH"):
        ensure("helm")


def test_an_official_pulumi_is_used_with_its_own_parts(workshop: Workshop) -> None:
    official = workshop.home / "official"
    file = engine.plugin_file(workshop.home / ".pulumi", PLUGIN_KUBERNETES)
    workshop.install(file.name, PLUGIN_KUBERNETES.version, folder=file.parent)
    for name in ("pulumi", "pulumi-language-python"):
        (workshop.bin / name).symlink_to(workshop.install(name, "3.999.0", folder=official))
    made = ensure("plugin-kubernetes")
    assert made.path("pulumi") == official / "pulumi"
    assert made.home == workshop.home / ".pulumi"
    assert made.environment()["PATH"] == str(workshop.bin)
    assert workshop.builds() == []


def test_the_environment_has_the_engine_first(workshop: Workshop) -> None:
    made = ensure()
    first, *others = made.environment()["PATH"].split(":")
    assert Path(first, "pulumi").exists()
    assert Path(first, "pulumi-language-python").exists()
    assert Path(first, "pulumi-language-python-exec").exists()
    assert others[-1] == str(workshop.bin)
    assert not any(Path(folder, "pulumi-resource-kubernetes").exists() for folder in others)


def test_what_was_not_asked_for_is_a_clear_error(workshop: Workshop) -> None:
    made = ensure(HELM.name)
    with pytest.raises(ToolsError, match="kwok is not among the tools asked for: helm"):
        made.path("kwok")
    assert made.home is None
    assert workshop.builds()
