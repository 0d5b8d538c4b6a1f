import pytest

from tests.unit.tools.conftest import Workshop
from tools import doctor, engine, toolchain
from tools.__main__ import main
from tools.parts import HELM, PARTS, PLUGIN_KUBERNETES


def rows() -> dict[str, doctor.Row]:
    return {row.name: row for row in doctor.examine()}


def test_every_executable_has_a_row_with_what_is_wanted(workshop: Workshop) -> None:
    found = rows()
    for part in PARTS.values():
        for executable in part.executables:
            row = found[executable.name]
            assert (row.wanted, row.version, row.usable) == (executable.version, "-", True)
            assert row.found == "will be built when needed"
    assert found["go"].version == "go1.26.3"
    assert found["python"].usable
    assert workshop.builds() == []


def test_the_table_tells_cache_from_path(workshop: Workshop) -> None:
    file = workshop.install("helm", HELM.version)
    toolchain.ensure(["kwok"], report=lambda _: None)
    found = rows()
    assert found["helm"].found == str(file)
    assert found["helm"].version == HELM.version
    assert found["kwok"].found.startswith(f"cache ({workshop.cache}")


def test_an_official_clis_plugins_are_found_in_its_home(workshop: Workshop) -> None:
    workshop.install("pulumi", "3.999.0")
    workshop.install("pulumi-language-python", "", script="exit 1")
    file = engine.plugin_file(workshop.home / ".pulumi", PLUGIN_KUBERNETES)
    workshop.install(file.name, PLUGIN_KUBERNETES.version, folder=file.parent)
    found = rows()
    assert found["pulumi"].version == found["pulumi-language-python"].version == "3.999.0"
    assert found["pulumi-resource-kubernetes"].found == str(file)
    assert found["pulumi-resource-openstack"].found == "will be built when needed"


def test_without_go_what_is_not_installed_is_missing(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    (workshop.bin / "go").unlink()
    workshop.install("helm", HELM.version)
    found = rows()
    assert found["helm"].usable
    assert not found["kwok"].usable
    assert found["kubelet"].usable  # nobody has asked for it
    assert main(["doctor"]) == 1
    assert "missing, and cannot be built" in capsys.readouterr().out


def test_without_go_nothing_is_missing_if_all_is_installed(workshop: Workshop) -> None:
    (workshop.bin / "go").unlink()
    for part in PARTS.values():
        for executable in part.executables:
            home = engine.plugin_file(workshop.home / ".pulumi", part).parent if part.plugin else None
            workshop.install(executable.name, executable.version, folder=home)
    assert main(["doctor"]) == 0


def test_columns_are_aligned(workshop: Workshop) -> None:
    lines = doctor.table(doctor.examine()).splitlines()
    column = lines[0].index("WANTED")
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)
    assert workshop.builds() == []
