import re
import tomllib

import pytest

from tools import REPOSITORY, versions
from tools.parts import MODULES, PARTS, Part

PACKAGES = {
    "pulumi": versions.PULUMI,
    "pulumi-kubernetes": versions.PULUMI_KUBERNETES,
    "pulumi-openstack": versions.PULUMI_OPENSTACK,
}
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
RUNTIME: list[str] = PROJECT["project"]["dependencies"]
DEVELOPMENT: list[str] = PROJECT["dependency-groups"]["dev"]


def locked(name: str) -> dict[str, str]:
    text = (REPOSITORY / name).read_text()
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;\\]+)", text, flags=re.MULTILINE))


def package(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return match[0].lower()


@pytest.mark.parametrize(("name", "version"), PACKAGES.items())
def test_python_packages_equal_their_plugins(name: str, version: str) -> None:
    assert f"{name}=={version}" in RUNTIME
    assert locked("requirements.lock")[name] == version
    assert locked("requirements-dev.lock")[name] == version


def test_the_locks_hold_what_the_project_asks_for() -> None:
    runtime, development = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {package(each) for each in RUNTIME} <= runtime.keys()
    assert {package(each) for each in DEVELOPMENT} <= development.keys()
    assert runtime.items() <= development.items()


def test_pulumi_install_takes_the_lock() -> None:
    lines = (REPOSITORY / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["-r requirements.lock"]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_hashes_and_no_index(name: str) -> None:
    text = (REPOSITORY / name).read_text()
    assert "://" not in text
    for entry in re.split(r"^(?=[a-z0-9.-]+==)", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_go_modules_require_the_pins(part: Part) -> None:
    text = (part.folder / "go.mod").read_text()
    for module, version in part.requires.items():
        assert re.search(
            rf"^(require )?\s*{re.escape(module)} {re.escape(version)}( // indirect)?$", text, re.M
        )
    go = re.search(r"^go (\d+)\.(\d+)", text, re.M)
    assert go
    assert (int(go[1]), int(go[2])) == versions.GO_MINIMUM


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_go_modules_have_the_checksums_of_what_they_require(part: Part) -> None:
    sums = (part.folder / "go.sum").read_text()
    for module, version in part.requires.items():
        assert f"{module} {version} h1:" in sums
        assert f"{module} {version}/go.mod h1:" in sums


def test_every_module_is_a_part() -> None:
    assert {folder.name for folder in MODULES.iterdir()} == PARTS.keys()


def test_python_is_the_one_that_the_project_asks_for() -> None:
    assert PROJECT["project"]["requires-python"] == ">=" + ".".join(map(str, versions.PYTHON_MINIMUM))
