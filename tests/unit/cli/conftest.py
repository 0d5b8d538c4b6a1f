"""A project folder of its own for each test, and a Pulumi CLI that keeps secrets in memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from typer.testing import CliRunner

from panda_infra.cli.app import app
from panda_infra.cli.keys import parse
from panda_infra.clients.pulumi.cli import Pulumi, PulumiError, UnknownStackError
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.stacks.document import compose
from tests.support import fast_yaml
from tools import REPOSITORY

SMALL = {
    "experiment": "dev",
    "cluster": {"kind": "existing", "kubeconfig": "kubeconfig"},
    "hosts": {"panda": "panda.cern.ch"},
    "auth": {"issuer": "https://iam.cern.ch"},
    "storage": {"class": "standard"},
    "components": {"msgsvc": {}, "iam": {}, "iam-db": {}, "panda": {"server": {"replicas": 2}}},
}


class FakeCli:
    """What the real CLI does with one stack file, without its state and its encryption."""

    def __init__(self) -> None:
        self.stacks: list[str] = []
        self.values: dict[str, str] = {}
        self.arguments: list[Sequence[str]] = []

    def run(self, cli: Pulumi, *arguments: str, stdin: str | None = None) -> str:
        self.arguments.append(arguments)
        match arguments:
            case ("stack", "--stack", stack, "--show-name"):
                if stack in self.stacks:
                    return f"{stack}\n"
                raise UnknownStackError(f"no stack named '{stack}' found")
            case ("stack", "init", stack, *_):
                self.stacks.append(stack)
                return ""
            case ("config", "set", "--secret", "--path", "--raw", name, "--stack", _, "--config-file", file):
                assert stdin is not None
                self._store(Path(file), name, stdin)
                return ""
            case ("config", "--show-secrets", "--json", "--stack", stack, *other):
                return self._config(Path(other[-1]) if other else cli.folder / f"Pulumi.{stack}.yaml")
        raise PulumiError(f"no such command here: {arguments}")

    def put(self, file: Path, key: str, value: str) -> None:
        """Store a secret of a stack without any check, as another program may."""
        self._store(file, f"{NAMESPACE}:secrets.{key}", value)

    def secure(self, value: Any) -> dict[str, str]:
        """A value as it stands encrypted in a stack file; a mapping becomes one value."""
        name = f"v1:{len(self.values)}"
        self.values[name] = value if isinstance(value, str) else json.dumps(value)
        return {"secure": name}

    def _store(self, file: Path, name: str, value: str) -> None:
        document = {"config": {}} | (fast_yaml.load(file.read_text()) or {})
        section, *path = parse(name)
        *parents, last = [f"{NAMESPACE}:{section}", *path]
        target = document["config"]
        for part in parents:
            target = target.setdefault(part, {})
        target[last] = self.secure(value)
        file.write_text(fast_yaml.dump(document, sort_keys=False))

    def _config(self, file: Path) -> str:
        def clear(value: Any) -> Any:
            if isinstance(value, dict) and value.keys() == {"secure"}:
                return self.values[value["secure"]]
            return {key: clear(item) for key, item in value.items()} if isinstance(value, dict) else value

        entries = {}
        for key, value in fast_yaml.load(file.read_text())["config"].items():
            plain = clear(value)
            text = plain if isinstance(plain, str) else json.dumps(plain)
            entries[key] = {"value": text, "secret": key == f"{NAMESPACE}:secrets"}
        return json.dumps(entries)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, the current folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: panda-infra\nruntime: python\n")
    (folder / "cric_jsons").symlink_to(REPOSITORY / "cric_jsons")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def stack_file(project: Path) -> Path:
    """The file of the stack `small`, without secrets."""
    file = project / "Pulumi.small.yaml"
    file.write_text(compose(SMALL, "A small stack."))
    return file


@pytest.fixture
def fake_cli(monkeypatch: pytest.MonkeyPatch) -> FakeCli:
    """Stands in for the Pulumi CLI."""
    fake = FakeCli()
    monkeypatch.setattr(Pulumi, "run", lambda self, *args, stdin=None: fake.run(self, *args, stdin=stdin))
    monkeypatch.setattr(shutil, "which", lambda _name: "/bin/true")
    monkeypatch.setattr(rsa, "generate_private_key", cache(rsa.generate_private_key))  # takes a while
    return fake


Run = Callable[..., Any]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line; gives the exit code, the result and what was reported beside it."""
    monkeypatch.setenv("COLUMNS", "150")

    def invoke(*arguments: str, stdin: bytes = b"") -> Any:
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compares a text with a golden file beside the tests, which is written anew when it was deleted."""

    def compare(name: str, text: str) -> None:
        file = Path(__file__).parent / "golden" / name
        if not file.exists():
            file.write_text(text)
            pytest.fail(f"{name} did not exist; it was written, look at it")
        assert text == file.read_text(), (
            f"{file} differs; if the new text is right, delete the file and run again"
        )

    return compare
