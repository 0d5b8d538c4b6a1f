"""The Pulumi CLI, which alone encrypts and decrypts, with any secrets provider of a stack."""

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
_STANDARD_ERROR = 2
_PLAIN = ("--non-interactive", "--color", "never")
_QUIET = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
# Fixes by the CLI's error text.
_ADVICE = {
    "no stack named": "see that PULUMI_BACKEND_URL names the place of the state; a stack that was never there is "
    "made by `python -m panda_infra init STACK`",
    "must be set for login": "name the place of the state first, as docs/state.md shows, e.g. "
    "`export PULUMI_BACKEND_URL=s3://BUCKET`",
    "passphrase must be set": "give the passphrase of the stack's secrets: PULUMI_CONFIG_PASSPHRASE_FILE names a file "
    "with it",
    "incorrect passphrase": "the stack's secrets were encrypted with another passphrase than that in "
    "PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
}
# A state that is truncated or not JSON; the CLI names neither the stack nor the place.
_BROKEN_STATE = re.compile(r"failed to load checkpoint|error: place \d+: ")


class PulumiError(PandaInfraError):
    """The Pulumi CLI is missing or failed."""


class UnknownStackError(PulumiError):
    """The stack is missing in the backend."""


@dataclass(frozen=True)
class State:
    """The engine's state of a stack; ``unfinished`` are operations that an interrupted run left open."""

    recorded: Recorded
    unfinished: int = 0


@dataclass(frozen=True)
class Pulumi:
    """The CLI for the project in ``folder``, with ``environment`` on top of that of this process.

    Secret values only pass through its standard input and output: other users can see arguments and
    environments.
    """

    executable: str
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def has(self, stack: str) -> bool:
        """True if the backend has the stack."""
        # A listing would read the states of all stacks, and fail if one of them is broken.
        try:
            self.run("stack", "--stack", stack, "--show-name")
        except UnknownStackError:
            return False
        return True

    def create(self, stack: str, secrets_provider: str | None = None) -> None:
        """Make the stack in the backend, with the provider that encrypts its secrets."""
        provider = ("--secrets-provider", secrets_provider) if secrets_provider else ()
        self.run("stack", "init", stack, "--no-select", *provider)

    def set_secret(self, stack: str, key: KeyPath, value: str, file: Path) -> None:
        """Write one value, encrypted for the stack, below this program's namespace into a file; the CLI rewrites it."""
        name = f"{NAMESPACE}:{spelled(key)}"
        options = ("--stack", stack, "--config-file", str(file))
        self.run("config", "set", "--secret", "--path", "--raw", name, *options, stdin=value)

    def config(self, stack: str, file: Path | None = None) -> tuple[dict[str, str], frozenset[str]]:
        """The decrypted configuration: full key to text, and the keys that hold secrets.

        Reads the stack's file, or another file that was encrypted for the same stack.
        """
        other = ("--config-file", str(file)) if file else ()
        listed: Mapping[str, Mapping[str, Any]] = json.loads(
            self.run("config", "--show-secrets", "--json", "--stack", stack, *other)
        )
        values = {key: str(entry["value"]) for key, entry in listed.items()}
        return values, frozenset(key for key, entry in listed.items() if entry["secret"])

    def tag(self, stack: str, name: str) -> str:
        """A tag that the backend keeps with the stack, beside its state; empty without it."""
        tags: Mapping[str, str] = json.loads(self.run("stack", "tag", "ls", "--json", "--stack", stack))
        return tags.get(name, "")

    def set_tag(self, stack: str, name: str, text: str) -> None:
        """Keep a tag with the stack."""
        self.run("stack", "tag", "set", name, text, "--stack", stack)

    def recorded(self, stack: str) -> Recorded:
        """The facts that this program uses of the stack's state."""
        return self.state(stack).recorded

    def state(self, stack: str, *, secrets: bool = False) -> State:
        """The stack's state, with decrypted secrets if ``secrets``."""
        shown = ("--show-secrets",) if secrets else ()
        exported = json.loads(self.run("stack", "export", "--stack", stack, *shown))
        deployment = exported.get("deployment") or {}
        resources = deployment.get("resources") or ()
        return State(
            recorded((found["urn"], _in_the_clear(found.get("outputs") or {})) for found in resources),
            unfinished=len(deployment.get("pending_operations") or ()),
        )

    def runs(self, stack: str) -> tuple[Run, ...]:
        """The runs that work on the stack now; empty if the backend does not show them."""
        backend = {**os.environ, **self.environment}.get("PULUMI_BACKEND_URL")
        if not backend:
            backend = json.loads(self.run("whoami", "--verbose", "--json")).get("url") or ""
        return runs(backend, NAMESPACE, stack, folder=self.folder)

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run a command to its end and return its standard output.

        Raises:
            PulumiError: it failed; the message ends with the CLI's own.
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

    def _error(self, arguments: Sequence[str], output: str) -> PulumiError:
        command = " ".join(takewhile(lambda word: word != "--stack", arguments[:2]))
        lines = [f"`pulumi {command}` failed in {self.folder}:", *output.splitlines()[-_LINES_OF_FAILURE:]]
        lines += [advice for words, advice in _ADVICE.items() if words in output]
        if _BROKEN_STATE.search(output):
            stack = arguments[arguments.index("--stack") + 1] if "--stack" in arguments else None
            lines.append(self._broken_state(stack))
        kind = UnknownStackError if "no stack named" in output else PulumiError
        return kind("\n  ".join(lines))

    def _broken_state(self, stack: str | None) -> str:
        backend = {**os.environ, **self.environment}.get("PULUMI_BACKEND_URL", "the backend").partition("?")[
            0
        ]
        of = f"of stack {stack}" if stack else "of one of the stacks"
        file = f"{backend.rstrip('/')}/.pulumi/stacks/{NAMESPACE}/{stack or 'STACK'}.json"
        return f"the state {of} cannot be read: {file}; docs/state.md shows how to get the former one back"

    def follow(self, *arguments: str, environment: Mapping[str, str] = {}, aside: bool = False) -> int:
        """Run a command without prompts and with its output on the terminal; returns its exit code.

        With ``aside``, all of its output goes to standard error, because this program has a result of its own.
        """
        command = [self.executable, *arguments, "--non-interactive"]
        environment = {**os.environ, **self.environment, **_QUIET, **environment}
        output = _STANDARD_ERROR if aside else None
        return subprocess.run(
            command, cwd=self.folder, env=environment, stdout=output, check=False
        ).returncode

    def start(
        self, *arguments: str, environment: Mapping[str, str] = {}, together: bool = False
    ) -> subprocess.Popen[str]:
        """Start a command whose output is read while it runs, ``together`` with its standard error if true."""
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
        """The number of resources in the state of each stack of this project."""
        listed = json.loads(self.run("stack", "ls", "--json"))
        return {entry["name"].split("/")[-1]: entry.get("resourceCount") or 0 for entry in listed}

    def resource_count(self, stack: str) -> int:
        """The same for one stack; broken states of others do not matter."""
        try:
            exported = json.loads(self.run("stack", "export", "--stack", stack))
        except UnknownStackError:
            return 0
        return len((exported.get("deployment") or {}).get("resources") or ())


def _in_the_clear(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs with decrypted secrets unwrapped; encrypted ones stay as they are."""
    return {
        key: json.loads(value["plaintext"]) if isinstance(value, Mapping) and "plaintext" in value else value
        for key, value in outputs.items()
    }


def find_pulumi(folder: Path) -> Pulumi:
    """Find the CLI on PATH.

    Raises:
        PulumiError: it is missing.
    """
    return Pulumi(on_path("pulumi", "the Pulumi CLI", PulumiError), folder)
