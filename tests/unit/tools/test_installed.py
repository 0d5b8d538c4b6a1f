from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tools.conftest import Workshop
from tools import installed
from tools.parts import CONTROL_PLANE, ENGINE, HELM, KWOK, LANGUAGE_PYTHON, PLUGIN_KUBERNETES, PULUMI

NUMBER = st.integers(0, 10_000)
MAJOR, MINOR, PATCH = (int(number) for number in HELM.version.split("."))


@given(
    NUMBER, NUMBER, NUMBER, st.sampled_from(["{}", "v{}+g1a2b3c", "kwok version v{} go1.26.8", "etcd: {}\n"])
)
def test_parse_version_finds_the_first(major: int, minor: int, patch: int, text: str) -> None:
    assert installed.parse_version(text.format(f"{major}.{minor}.{patch}")) == (major, minor, patch)


@given(st.text(alphabet="abc .v-"))
def test_parse_version_of_no_version(text: str) -> None:
    assert installed.parse_version(text) is None


@pytest.mark.parametrize(
    ("version", "suitable"),
    [
        (HELM.version, True),
        (f"{MAJOR}.{MINOR}.{PATCH + 1}", True),
        (f"{MAJOR}.{MINOR}.{PATCH - 1}", False),
        (f"{MAJOR}.{MINOR + 1}.0", False),
        (f"{MAJOR + 1}.0.0", False),
        ("unknown", False),
    ],
)
def test_a_tool_counts_in_the_pinned_minor_version(workshop: Workshop, version: str, suitable: bool) -> None:
    file = workshop.install("helm", version)
    assert installed.find(HELM) == ({"helm": file} if suitable else None)


def test_nothing_on_path(workshop: Workshop) -> None:
    assert installed.find(HELM) is None
    assert not workshop.cache.exists()


def test_a_part_counts_with_all_its_executables(workshop: Workshop) -> None:
    *most, last = CONTROL_PLANE.executables
    for executable in most:
        workshop.install(executable.name, executable.version)
    assert installed.find(CONTROL_PLANE) is None
    workshop.install(last.name, last.version)
    found = installed.find(CONTROL_PLANE)
    assert found == {each.name: workshop.bin / each.name for each in CONTROL_PLANE.executables}


def test_what_we_built_is_not_taken_for_installed(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = workshop.install("helm", HELM.version, folder=workshop.cache / "tools" / "helm" / "stamp")
    monkeypatch.setenv("PATH", str(file.parent))
    assert installed.find(HELM) is None


def test_a_version_is_asked_once_until_the_file_changes(workshop: Workshop) -> None:
    file = workshop.install("kwok", KWOK.version)
    asked = Path(f"{file}.asked")
    for _ in range(3):
        assert installed.find(KWOK)
    assert asked.read_text().splitlines() == ["asked"]
    workshop.install("kwok", "99.0.0")
    assert installed.find(KWOK) is None
    assert asked.read_text().splitlines() == ["asked"] * 2


def test_a_damaged_memory_of_versions_is_made_anew(workshop: Workshop) -> None:
    workshop.install("kwok", KWOK.version)
    workshop.cache.mkdir()
    (workshop.cache / "installed-versions.json").write_text("{")
    assert installed.find(KWOK)


@pytest.mark.parametrize("version", [PULUMI.version, f"{PULUMI.version.split('.')[0]}.9999.0"])
def test_an_official_pulumi_counts_if_it_is_new_enough(workshop: Workshop, version: str) -> None:
    real = workshop.install("pulumi", version, folder=workshop.home / "official")
    host = workshop.install("pulumi-language-python", version, folder=real.parent)
    (workshop.bin / "pulumi").symlink_to(real)
    assert installed.find(PULUMI) == {"pulumi": real}
    assert installed.find(LANGUAGE_PYTHON) == {"pulumi-language-python": host}


def test_an_official_pulumi_counts_with_its_language_host_only(workshop: Workshop) -> None:
    workshop.install("pulumi", PULUMI.version)
    assert installed.find(PULUMI) is None
    assert installed.find(LANGUAGE_PYTHON) is None


@pytest.mark.parametrize("version", ["3.1.0", "4.0.0", "unknown"])
def test_an_official_pulumi_of_another_version_does_not_count(workshop: Workshop, version: str) -> None:
    workshop.install("pulumi", version)
    workshop.install("pulumi-language-python", version)
    assert installed.find(PULUMI) is None


def test_plugins_on_path_never_count(workshop: Workshop) -> None:
    (executable,) = PLUGIN_KUBERNETES.executables
    workshop.install(executable.name, executable.version)
    assert PLUGIN_KUBERNETES in ENGINE
    assert installed.find(PLUGIN_KUBERNETES) is None
