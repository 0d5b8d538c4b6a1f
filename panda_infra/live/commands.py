"""Commands in the pods of a stack's parts, and their answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from panda_infra.clients.kubernetes.inside import Inside
from panda_infra.errors import NotAskedError, WrongError, one_line
from panda_infra.live.pods import Pods
from panda_infra.products.verification import NOTHING_TO_ASK, Command

__all__ = ["Commands", "short"]

_LONGEST = 300


@dataclass(frozen=True)
class Commands:
    """Runs commands in ready pods; ``text`` gives a text of one of the stack's Secrets, by suffix and key."""

    pods: Pods
    inside: Inside
    text: Callable[[str, str], str]

    def answer(self, command: Command, seconds: float) -> str:
        """The last line of a command's output, shortened; it may contain texts of Secrets.

        Raises:
            WrongError: the command fails, or its answer does not contain what it must.
            NotAskedError: the stack does not deploy the part or simulates it, or the pod has nothing to ask.
            KubernetesError: the API server refuses, or the command does not end within the time.
        """
        pod = self.pods.one(command.part)
        ended = self.inside.run(
            pod.name, pod.container, command.words, stdin=self._stdin(command), seconds=seconds
        )
        lines = [line for line in map(str.strip, ended.output.splitlines()) if line]
        last = short(lines[-1] if lines else "")
        if ended.code == NOTHING_TO_ASK:
            raise NotAskedError(last or "the pod has nothing to ask", absent=True)
        if ended.code:
            raise WrongError(last or f"the command ended with exit code {ended.code}")
        if not re.search(command.holds, last):
            raise WrongError(f"the command answers with something else: {last or 'nothing'}")
        return last

    def _stdin(self, command: Command) -> str:
        if not command.script:
            return ""
        asked: Mapping[str, Any] = command.given(self.pods.plan.config)
        texts = {name: self.text(*where) for name, where in command.secrets.items()}
        return json.dumps({"script": command.script, **asked, **texts}) + "\n"


def short(text: str) -> str:
    """A text as one line that is not too long to be shown."""
    words = one_line(text)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]} ..."
