"""The Pulumi CLI, as reviews need it: previews that are kept, and updates that stay inside a reviewed plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from panda_infra.clients.pulumi.cli import Pulumi, PulumiError
from panda_infra.review.leaks import secret_texts
from panda_infra.review.preview import with_violations
from panda_infra.review.seal import EMPTY, state_version
from panda_infra.review.wording import safe_lines

__all__ = ["Engine"]

_LINES_OF_FAILURE = 12
_POLICY_PACK = "policy"
# The output in JSON has no word about policies. The log of events has, and its option is hidden without this.
_EVENT_LOG = {"PULUMI_DEBUG_COMMANDS": "true"}


@dataclass(frozen=True)
class Engine:
    """The CLI at work on one stack."""

    pulumi: Pulumi
    stack: str

    def preview(self, plan: Path | None = None) -> str:
        """What the engine would do to the world as it is now, as JSON, also when it fails on the way.

        Args:
            plan: where to keep the plan, with every secret encrypted by the stack's own secrets provider. There is
                none when the policy pack is violated; the violations are among the diagnostics.

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
            told = "\n  ".join(safe_lines((err.strip() or out.strip()).splitlines()[-_LINES_OF_FAILURE:]))
            raise PulumiError(f"the preview of stack {self.stack} did not begin:\n  {told}")
        return with_violations(out, events)

    def update(self, plan: Path) -> Iterator[str]:
        """Do what a plan holds and nothing else; yields the engine's output without secret values.

        The engine previews inside the plan first: when the world or the configuration has changed so that other
        steps were needed, or the policy pack is violated, it stops before it has changed anything.

        Raises:
            PulumiError: at the end, when it failed.
        """
        running = self.pulumi.start(
            "up", "--yes", "--refresh", "--plan", str(plan), *self._pack, "--stack", self.stack, together=True
        )
        assert running.stdout  # noqa: S101 - a pipe was asked for
        yield from safe_lines(line.rstrip("\n") for line in running.stdout)
        # What follows is not shown, but must be read: a full pipe would stop the engine.
        running.communicate()
        if running.returncode:
            raise PulumiError(f"stack {self.stack} was not deployed as reviewed; the lines above say why")

    def state(self) -> str:
        """The version of the stack's state."""
        return state_version(self.pulumi.run("stack", "export", "--stack", self.stack))

    def is_deployed(self) -> bool:
        """Whether the backend knows the stack, and its state holds any resource."""
        return self.pulumi.has(self.stack) and self.state() != EMPTY

    def secrets(self) -> frozenset[str]:
        """Every secret text of the stack's configuration, to look for where it must not be."""
        listed = json.loads(self.pulumi.run("config", "--show-secrets", "--json", "--stack", self.stack))
        return secret_texts(entry["value"] for entry in listed.values() if entry["secret"])

    @property
    def _pack(self) -> tuple[str, str]:
        return ("--policy-pack", str(self.pulumi.folder / _POLICY_PACK))
