"""The Pulumi CLI for reviews: previews with a saved plan, and updates that stay inside a reviewed plan."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from panda_infra.clients.pulumi.cli import Pulumi, PulumiError
from panda_infra.clients.vault import vault_of
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.config.vault import is_reference, references
from panda_infra.errors import PandaInfraError
from panda_infra.review.leaks import secret_texts
from panda_infra.review.preview import with_violations
from panda_infra.review.seal import EMPTY, state_version
from panda_infra.review.wording import safe_lines

__all__ = ["Engine"]

_LINES_OF_FAILURE = 12
_POLICY_PACK = "policy"
# Policy violations are missing from the JSON output; they are in the event log, whose option needs this variable.
_EVENT_LOG = {"PULUMI_DEBUG_COMMANDS": "true"}


@dataclass(frozen=True)
class Engine:
    """The CLI for one stack."""

    pulumi: Pulumi
    stack: str

    def preview(self, plan: Path | None = None) -> str:
        """The engine's preview of an update as JSON, also if it fails on the way.

        Args:
            plan: the file for the plan, with every secret encrypted by the stack's own secrets provider. It is not
            written if the policy pack is violated; the violations are among the diagnostics.

        Raises:
            PulumiError: there is no preview at all.
        """
        with TemporaryDirectory() as scratch:
            log = Path(scratch, "events")
            keep = ("--save-plan", str(plan), *self._pack, "--event-log", str(log)) if plan else ()
            done = self.pulumi.start(
                "preview",
                "--json",
                "--diff",
                "--refresh",
                *keep,
                "--stack",
                self.stack,
                environment=_EVENT_LOG,
            )
            out, err = done.communicate()
            events = log.read_text(encoding="utf-8") if log.exists() else ""
        if not out.lstrip().startswith("{"):
            lines = "\n  ".join(safe_lines((err.strip() or out.strip()).splitlines()[-_LINES_OF_FAILURE:]))
            raise PulumiError(f"the preview of stack {self.stack} did not begin:\n  {lines}")
        return with_violations(out, events)

    def update(self, plan: Path) -> Iterator[str]:
        """Apply a plan and nothing else; yields the engine's output without secret values.

        The engine previews first: if resources or the configuration have changed so that other steps are needed, or
        the policy pack is violated, it stops before it changes anything.

        Raises:
            PulumiError: at the end, if the engine failed.
        """
        running = self.pulumi.start(
            "up", "--yes", "--refresh", "--plan", str(plan), *self._pack, "--stack", self.stack, together=True
        )
        assert running.stdout  # noqa: S101 - a pipe was asked for
        yield from safe_lines(line.rstrip("\n") for line in running.stdout)
        # The rest is not shown, but must be read: a full pipe would block the engine.
        running.communicate()
        if running.returncode:
            raise PulumiError(f"stack {self.stack} was not deployed as reviewed; the lines above show why")

    def state(self) -> str:
        """The version of the stack's state."""
        return state_version(self.pulumi.run("stack", "export", "--stack", self.stack))

    def is_deployed(self) -> bool:
        """Return whether the backend has the stack, with at least one resource in its state."""
        return self.pulumi.has(self.stack) and self.state() != EMPTY

    def secrets(self) -> frozenset[str]:
        """Every secret text of the stack's configuration, to search for leaks; references are no secret.

        Raises:
            PulumiError: the configuration cannot be decrypted here.
            VaultError: a value that is in a vault cannot be had here.
        """
        values, secret = self.pulumi.config(self.stack)
        found = secret_texts(values[key] for key in secret)
        return frozenset(text for text in found if not is_reference(text)) | self._in_vault(values)

    def _in_vault(self, values: Mapping[str, str]) -> frozenset[str]:
        section = values.get(f"{NAMESPACE}:secrets", "")
        wanted = references(json.loads(section) if section.startswith("{") else {})
        answers = vault_of()(frozenset(wanted.values())) if wanted else {}
        for answer in answers.values():
            if isinstance(answer, PandaInfraError):
                raise answer
        return secret_texts(text for text in answers.values() if isinstance(text, str))

    @property
    def _pack(self) -> tuple[str, str]:
        return ("--policy-pack", str(self.pulumi.folder / _POLICY_PACK))
