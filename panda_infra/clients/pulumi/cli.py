"""The Pulumi CLI: the only one that encrypts and decrypts, whatever secrets provider a stack has."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from panda_infra.clients.programs import on_path, run
from panda_infra.clients.pulumi.locks import Run, runs
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.paths import spelled
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import PandaInfraError
from panda_infra.state.recorded import Recorded, recorded

__all__ = ["Pulumi", "PulumiError", "State", "UnknownStackError", "find_pulumi"]

_LINES_OF_FAILURE = 12
_PLAIN = ("--non-interactive", "--color", "never")
_QUIET = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
# What the CLI says, and what to do about it.
_ADVICE = {
    "no stack named": "see that PULUMI_BACKEND_URL names the place of the state; a stack that was never there is "
    "made by `python -m panda_infra init STACK`",
    "must be set for login": "name the place of the state first, as docs/state.md says, e.g. "
    "`export PULUMI_BACKEND_URL=s3://BUCKET`",
    "passphrase must be set": "give the passphrase of the stack's secrets: PULUMI_CONFIG_PASSPHRASE_FILE names a file "
    "with it",
    "incorrect passphrase": "the stack's secrets were encrypted with another passphrase than that in "
    "PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
}
# A state that is cut off or no JSON; the CLI says neither whose it is nor where.
_BROKEN_STATE = re.compile(r"failed to load checkpoint|error: place \d+: ")


class PulumiError(PandaInfraError):
    """The Pulumi CLI is not there or refused."""


class UnknownStackError(PulumiError):
    """The backend knows no such stack."""


@dataclass(frozen=True)
class State:
    """What the engine knows of a stack; ``unfinished`` operations are those of which no run has seen the end."""

    recorded: Recorded
    unfinished: int = 0


@dataclass(frozen=True)
class Pulumi:
    """The CLI at work on the project in ``folder``, with ``environment`` over this process' own.

    Secret values go to its standard input and come from its standard output: arguments and environments are
    visible to others.
    """

    executable: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def has(self, stack: str) -> bool:
        """Whether the backend knows the stack."""
        # A listing would read the state of every stack, and fail if one of them is broken.
        try:
            self.run("stack", "--stack", stack, "--show-name")
        except UnknownStackError:
            return False
        return True

    def create(self, stack: str, secrets_provider: str | None = None) -> None:
        """Make the stack in the backend, with the provider that shall encrypt its secrets."""
        provider = ("--secrets-provider", secrets_provider) if secrets_provider else ()
        self.run("stack", "init", stack, "--no-select", *provider)

    def set_secret(self, stack: str, key: KeyPath, value: str, file: Path) -> None:
        """Put one value below this program's namespace, encrypted for the stack, into a file that the CLI rewrites."""
        name = f"{NAMESPACE}:{spelled(key)}"
        options = ("--stack", stack, "--config-file", str(file))
        self.run("config", "set", "--secret", "--path", "--raw", name, *options, stdin=value)

    def config(self, stack: str, file: Path | None = None) -> tuple[dict[str, str], frozenset[str]]:
        """The decrypted configuration: full key to text, and the keys that hold secrets.

        It is that of the stack's file, or of another one that the same stack has encrypted.
        """
        other = ("--config-file", str(file)) if file else ()
        listed: Mapping[str, Mapping[str, Any]] = json.loads(
            self.run("config", "--show-secrets", "--json", "--stack", stack, *other)
        )
        values = {key: str(entry["value"]) for key, entry in listed.items()}
        return values, frozenset(key for key, entry in listed.items() if entry["secret"])

    def recorded(self, stack: str) -> Recorded:
        """What the stack's state says."""
        return self.state(stack).recorded

    def state(self, stack: str, *, secrets: bool = False) -> State:
        """The stack's state, with its secrets in the clear if they are asked for."""
        shown = ("--show-secrets",) if secrets else ()
        exported = json.loads(self.run("stack", "export", "--stack", stack, *shown))
        deployment = exported.get("deployment") or {}
        resources = deployment.get("resources") or ()
        return State(
            recorded((found["urn"], _in_the_clear(found.get("outputs") or {})) for found in resources),
            unfinished=len(deployment.get("pending_operations") or ()),
        )

    def runs(self, stack: str) -> tuple[Run, ...]:
        """Who works on the stack right now, where that can be known."""
        backend = {**os.environ, **self.environment}.get("PULUMI_BACKEND_URL")
        if not backend:
            backend = json.loads(self.run("whoami", "--verbose", "--json")).get("url") or ""
        return runs(backend, NAMESPACE, stack, folder=self.folder)

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run a command to its end and give its standard output.

        Raises:
            PulumiError: it failed; the message ends with what the CLI said.
        """
        done = run(
            [self.executable, *arguments, *_PLAIN],
            folder=self.folder,
            environment={**self.environment, **_QUIET},
            stdin=stdin,
        )
        if done.code:
            raise self._error(arguments, done.errors)
        return done.text

    def _error(self, arguments: Sequence[str], told: str) -> PulumiError:
        command = " ".join(takewhile(lambda word: word != "--stack", arguments[:2]))
        lines = [f"`pulumi {command}` failed in {self.folder}:", *told.splitlines()[-_LINES_OF_FAILURE:]]
        lines += [advice for words, advice in _ADVICE.items() if words in told]
        if _BROKEN_STATE.search(told):
            stack = arguments[arguments.index("--stack") + 1] if "--stack" in arguments else None
            lines.append(self._broken_state(stack))
        kind = UnknownStackError if "no stack named" in told else PulumiError
        return kind("\n  ".join(lines))

    def _broken_state(self, stack: str | None) -> str:
        backend = {**os.environ, **self.environment}.get("PULUMI_BACKEND_URL", "the backend").partition("?")[
            0
        ]
        of = f"of stack {stack}" if stack else "of one of the stacks"
        file = f"{backend.rstrip('/')}/.pulumi/stacks/{NAMESPACE}/{stack or 'STACK'}.json"
        return f"the state {of} cannot be read: {file}; docs/state.md says how to get the former one back"

    def follow(self, *arguments: str, environment: Mapping[str, str] = {}) -> int:
        """Run a command with its output on the terminal, without questions; returns its exit code."""
        command = [self.executable, *arguments, "--non-interactive"]
        environment = {**os.environ, **self.environment, **_QUIET, **environment}
        return subprocess.run(command, cwd=self.folder, env=environment, check=False).returncode

    def start(
        self, *arguments: str, environment: Mapping[str, str] = {}, together: bool = False
    ) -> subprocess.Popen[str]:
        """Begin a command whose output is read while it runs, ``together`` with its standard error if wanted."""
        return subprocess.Popen(
            [self.executable, *arguments, *_PLAIN],
            cwd=self.folder,
            env={**os.environ, **self.environment, **_QUIET, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if together else subprocess.PIPE,
            text=True,
            errors="replace",
        )

    def resource_counts(self) -> dict[str, int]:
        """How many resources the backend has recorded for each stack of this project."""
        listed = json.loads(self.run("stack", "ls", "--json"))
        return {entry["name"].split("/")[-1]: entry.get("resourceCount") or 0 for entry in listed}

    def resource_count(self, stack: str) -> int:
        """The same of one stack, whatever the state of others is like."""
        try:
            exported = json.loads(self.run("stack", "export", "--stack", stack))
        except UnknownStackError:
            return 0
        return len((exported.get("deployment") or {}).get("resources") or ())


def _in_the_clear(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs without the wrapping of secrets that are shown; others stay encrypted."""
    return {
        key: json.loads(value["plaintext"]) if isinstance(value, Mapping) and "plaintext" in value else value
        for key, value in outputs.items()
    }


def find_pulumi(folder: Path) -> Pulumi:
    """The CLI on PATH.

    Raises:
        PulumiError: there is none.
    """
    return Pulumi(on_path("pulumi", "the Pulumi CLI", PulumiError), folder)
