"""A stack on the test bed, with its own project folder, state and passphrase.

The folder links to the program's sources and contains its own stack file, so that the repository does not change and
any number of stacks can run at the same time.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from panda_infra.config.sites import Layers, difference, layered
from panda_infra.errors import Problem, StackError
from testbed.errors import BedError
from tools import REPOSITORY, toolchain

__all__ = ["PROJECT", "SOURCES", "Result", "Workspace", "overridden", "shared"]

PROJECT = "panda-infra"
SOURCES = ("Pulumi.yaml", "__main__.py", "panda_infra", "cric_jsons", "sites", ".venv")
"""The files and folders of a checkout that a project folder links to."""
_ENGINE = ("pulumi", "plugin-kubernetes", "plugin-openstack")


@dataclass(frozen=True)
class Result:
    """The result of a run of the Pulumi CLI."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Both output streams."""
        return self.stdout + self.stderr


class Workspace:
    """A project folder for one stack, below ``folder``."""

    def __init__(self, folder: Path, stack: str) -> None:
        self.folder = folder
        self.stack = stack
        self.stack_file = folder / f"Pulumi.{stack}.yaml"
        self.encrypted: dict[str, Mapping[str, Any]] = {}
        """The sections that this object has encrypted, as plain values."""
        self._passphrase = folder / "passphrase"
        self._temporary = folder / "tmp"

    def create(self, config: Mapping[str, Any]) -> None:
        """Make the folder, the stack and its stack file.

        Args:
            config: the stack file's ``config``, key by key.

        Raises:
            BedError: the CLI refused.
        """
        self.folder.mkdir(parents=True, mode=0o700)
        self.link(REPOSITORY)
        (self.folder / "state").mkdir()
        self._temporary.mkdir()
        self._passphrase.touch(mode=0o600)
        self._passphrase.write_text(secrets.token_urlsafe(24))
        self.stack_file.write_text(yaml.safe_dump({"config": dict(config)}, sort_keys=False))
        self._must("stack", "init", self.stack, "--no-select")

    def link(self, sources: Path) -> None:
        """Link the program of a checkout, with the virtualenv of this one."""
        for name in SOURCES:
            link = self.folder / name
            link.unlink(missing_ok=True)
            link.symlink_to((REPOSITORY if name == ".venv" else sources) / name)

    def encrypt(self, key: str, section: Mapping[str, Any]) -> None:
        """Put a section into the stack file, encrypted as a whole.

        Raises:
            BedError: the CLI refused.
        """
        # On standard input, because arguments are visible to all users of the machine.
        self._must("config", "set", "--secret", key, "--stack", self.stack, stdin=json.dumps(section))
        self.encrypted[key] = section

    @property
    def exists(self) -> bool:
        """Return whether the folder was made."""
        return self._passphrase.exists()

    def configure(self, config: Mapping[str, Any]) -> None:
        """Replace sections of the stack file; None removes one."""
        document = yaml.safe_load(self.stack_file.read_text())
        document["config"] |= config
        document["config"] = {key: value for key, value in document["config"].items() if value is not None}
        self.stack_file.write_text(yaml.safe_dump(document, sort_keys=False))

    def rewrite(self, config: Mapping[str, Any]) -> None:
        """Give the stack file another ``config``."""
        document = yaml.safe_load(self.stack_file.read_text()) | {"config": dict(config)}
        self.stack_file.write_text(yaml.safe_dump(document, sort_keys=False))

    def environment(self) -> dict[str, str]:
        """The environment that the Pulumi CLI needs for this stack."""
        return {
            **os.environ,
            **toolchain.ensure(_ENGINE).environment(),
            # Without a second file beside each file of the state: a killed engine could leave it half written, and
            # every later command would fail.
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase),
            # The Kubernetes plugin leaves a copy of the kubeconfig there.
            "TMPDIR": str(self._temporary),
        }

    def pulumi(
        self,
        *arguments: str,
        stdin: str | None = None,
        show: bool = False,
        environment: Mapping[str, str] = {},
    ) -> Result:
        """Run the CLI in the project folder; with ``show`` its output goes to the terminal instead."""
        environment = {**self.environment(), **environment}
        if show:
            return Result(_on_terminal(["pulumi", *arguments], self.folder, environment), "", "")
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=environment,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def up(self, *arguments: str, show: bool = False) -> Result:
        """``pulumi up``, unattended."""
        return self.unattended("up", *arguments, show=show)

    def destroy(self, *arguments: str, show: bool = False) -> Result:
        """``pulumi destroy``, unattended."""
        return self.unattended("destroy", *arguments, show=show)

    def unattended(
        self, command: str, *arguments: str, show: bool = False, environment: Mapping[str, str] = {}
    ) -> Result:
        """``up`` or ``destroy`` without a question, and so without a preview before it."""
        words = (command, "--yes", "--skip-preview", "--stack", self.stack, *arguments)
        return self.pulumi(*words, show=show, environment=environment)

    def preview(self, *arguments: str) -> Result:
        """``pulumi preview``."""
        return self.pulumi("preview", "--stack", self.stack, *arguments)

    def unlock(self) -> None:
        """Remove the locks of killed engines; locks of living ones stay."""
        for lock in (self.folder / "state" / ".pulumi" / "locks").rglob("*.json"):
            if not _is_engine(json.loads(lock.read_text())["pid"]):
                lock.unlink()

    def exported_state(self) -> str:
        """The state as the CLI exports it: secrets stay encrypted."""
        return self._must("stack", "export", "--stack", self.stack).stdout

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        outputs: dict[str, Any] = json.loads(
            self._must("stack", "output", "--json", "--stack", self.stack).stdout
        )
        return outputs

    def _must(self, *arguments: str, stdin: str | None = None) -> Result:
        result = self.pulumi(*arguments, stdin=stdin)
        if result.code:
            raise BedError(f"pulumi {arguments[0]} for stack {self.stack} failed:\n{result.text.strip()}")
        return result


def _is_engine(pid: int) -> bool:
    """Return whether a process runs the CLI; an ended one that was not waited for has no command line."""
    try:
        return b"pulumi" in Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return False


def _on_terminal(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Run a command and return its exit code; an interruption also reaches the engine, which then ends in order."""
    with subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL) as engine:
        while engine.poll() is None:
            with suppress(KeyboardInterrupt):
                engine.wait()
    return engine.returncode


def overridden(stack_file: Path, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The ``config`` of a stack file and its site without secrets, with sections replaced by ``overrides``.

    Raises:
        StackError: its site cannot be read.
    """
    config: dict[str, Any] = yaml.safe_load(stack_file.read_text())["config"]
    layers, problems = _layers(config, stack_file.parent)
    if problems:
        raise StackError(stack_file.name, problems)
    sections = {
        f"{PROJECT}:{name}": section for name, section in layers.sections.items() if name != "secrets"
    }
    return _of_others(config) | sections | dict(overrides)


def shared(config: Mapping[str, Any], sources: Path) -> dict[str, Any]:
    """The ``config`` for a stack file beside ``sources``: only its differences if it names a site there."""
    layers, problems = _layers(config, sources)
    own = {name: section for name, section in layers.own.items() if not problems or name != "site"}
    differing = {f"{PROJECT}:{name}": section for name, section in difference(layers.site, own).items()}
    return _of_others(config) | differing


def _layers(config: Mapping[str, Any], folder: Path) -> tuple[Layers, list[Problem]]:
    prefix = f"{PROJECT}:"
    own = {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}
    return layered(own, folder, stack="STACK")


def _of_others(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if not key.startswith(f"{PROJECT}:")}
