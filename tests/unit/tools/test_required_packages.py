"""The language host's own script, which lists the plugins that a program needs for the engine."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from tools.parts import LANGUAGE_PYTHON, MODULES, PARTS

SCRIPT = MODULES / LANGUAGE_PYTHON.name / "required_packages.py"


def required(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    runpy.run_path(str(SCRIPT))
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


def package(folder: Path, name: str, plugin: object) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "pulumi-plugin.json").write_text(json.dumps(plugin))


def test_provider_packages_are_found_by_their_plugin_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    package(first, "pulumi_one", {"resource": True, "name": "one", "version": "1.2.3"})
    package(first, "pulumi_policy", {"resource": False, "name": "policy"})
    package(second, "pulumi_one", {"resource": True, "name": "one", "version": "9.9.9"})
    package(second, "pulumi_two", {"resource": True, "name": "two", "version": "2.0.0", "server": "mirror"})
    monkeypatch.setattr(sys, "path", [str(first), str(second), str(tmp_path / "none"), *sys.path])
    assert required(capsys)[:2] == [
        {"name": "one", "version": "1.2.3", "server": ""},
        {"name": "two", "version": "2.0.0", "server": "mirror"},
    ]


def test_this_virtualenv_needs_the_plugins_that_are_built(capsys: pytest.CaptureFixture[str]) -> None:
    plugins = {part.plugin: part.version for part in PARTS.values() if part.plugin}
    assert {each["name"]: each["version"] for each in required(capsys)} == plugins
