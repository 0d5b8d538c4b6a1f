import pytest

from tests.unit.tools.conftest import Workshop
from tools import doctor, engine, toolchain
from tools.__main__ import main
from tools.parts import HELM, PARTS, PLUGIN_KUBERNETES, PLUGIN_OPENSTACK, Part


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


def _official(workshop: Workshop, *plugins: Part) -> None:
    workshop.install("pulumi", "3.999.0")
    workshop.install("pulumi-language-python", "", script="exit 1")
    for part in plugins:
        file = engine.plugin_file(workshop.home / ".pulumi", part)
        workshop.install(file.name, part.version, folder=file.parent)


def test_a_site_with_official_binaries_needs_neither_go_nor_the_test_bed(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    (workshop.bin / "go").unlink()
    _official(workshop, PLUGIN_KUBERNETES, PLUGIN_OPENSTACK)
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.endswith("\n\nPulumi: official.\n")
    names = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes", "pulumi-resource-openstack")
    assert {rows()[name].origin for name in names} == {doctor.OFFICIAL}


def test_what_an_official_cli_lacks_is_named(workshop: Workshop) -> None:
    _official(workshop, PLUGIN_KUBERNETES)
    text = doctor.verdict(doctor.examine())
    assert "but for what is built here: pulumi-resource-openstack. `pulumi install`" in text
    (workshop.bin / "go").unlink()
    assert doctor.verdict(doctor.examine()).startswith("Pulumi: pulumi-resource-openstack missing. ")


def test_what_was_built_here_is_reported_apart(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    toolchain.ensure(["pulumi", "plugin-kubernetes"], report=lambda _: None)
    assert doctor.verdict(doctor.examine()).startswith("Pulumi: built here")
    assert rows()["pulumi"].origin == rows()["pulumi-resource-kubernetes"].origin == doctor.BUILT
    # An official CLI that got its plugins from a home that was put together here.
    _official(workshop)
    monkeypatch.setenv("PULUMI_HOME", str(engine.own_home()))
    assert rows()["pulumi"].origin == doctor.OFFICIAL
    assert rows()["pulumi-resource-kubernetes"].origin == doctor.BUILT
