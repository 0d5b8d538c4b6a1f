"""A review from preview to deployment: the files that it keeps, and the checks before its plan is applied."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from panda_infra.clients.forges.forge import Forge, ForgeError
from panda_infra.clients.forges.github import GitHub
from panda_infra.clients.forges.gitlab import GitLab
from panda_infra.errors import PandaInfraError
from panda_infra.review import comment, drift, notes
from panda_infra.review.describe import revision
from panda_infra.review.engine import Engine
from panda_infra.review.leaks import credentials, holds_any
from panda_infra.review.preview import Preview, read
from panda_infra.review.seal import Seal, SealError, hash_of

__all__ = ["COMMENT", "PLAN", "Review", "apply", "check_drift", "forge_of_this_run"]

PLAN, SEAL, COMMENT, WHOLE = "plan.json", "seal.json", "comment.md", "preview.md"
_KEPT = (PLAN, SEAL, COMMENT, WHOLE)
_OUTCOMES: Mapping[drift.Next, str] = {
    "open": "issue opened",
    "update": "issue updated",
    "close": "issue closed",
    "leave": "nothing new",
}


@dataclass(frozen=True)
class Review:
    """A preview of a stack, with its files in ``folder``."""

    engine: Engine
    folder: Path

    def make(self, limit: int, commit: str = "", page: str = "") -> Preview:
        """Preview the stack and keep the plan, its seal, the comment and the whole text.

        Args:
            limit: maximum length of the comment in bytes.
            commit: the previewed commit.
            page: the page of the whole stack, added to the comment.

        Raises:
            PandaInfraError: there is no preview, or a file of it contains a secret value; then only a comment with
            the reason is kept.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PandaInfraError(f"{self.folder} cannot be made: {error.strerror}") from None
        self._clear()
        try:
            return self._previewed(limit, commit, page)
        except PandaInfraError as error:
            self._clear()
            self._write(
                COMMENT, notes.no_preview(self.engine.stack, self._without_secrets(str(error)), commit)
            )
            raise

    def _previewed(self, limit: int, commit: str, page: str) -> Preview:
        plan = self.folder / PLAN
        state = self.engine.state()
        printed = self.engine.preview(plan.resolve())
        preview = read(printed)
        written = comment.comment(self.engine.stack, preview, limit=limit, commit=commit, page=page)
        self._write(COMMENT, written.text)
        self._write(WHOLE, written.whole)
        if plan.exists():
            seal = Seal(self.engine.stack, _deployment(self.engine), state, hash_of(plan.read_bytes()))
            self._write(SEAL, seal.to_json())
        self._refuse_secrets(printed)
        return preview

    def _clear(self) -> None:
        for name in _KEPT:
            (self.folder / name).unlink(missing_ok=True)

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def _refuse_secrets(self, printed: str) -> None:
        """Refuse to keep anything if the preview or a file contains a secret, even a cut-off one in the comment."""
        kept = {file.name: file for name in _KEPT if (file := self.folder / name).exists()}
        texts = {"the preview": printed, **{name: file.read_text("utf-8") for name, file in kept.items()}}
        secrets = self.engine.secrets()
        leaking = [name for name, text in texts.items() if holds_any(text, secrets)]
        if not leaking:
            return
        raise PandaInfraError(
            f"{leaking[0]} of stack {self.engine.stack} held a secret value, so nothing is kept: look for a value "
            "outside `secrets` that repeats one of them"
        )

    def _without_secrets(self, why: str) -> str:
        """The reason if it contains no secret: a run's log masks credentials, a comment does not."""
        try:
            secrets = self.engine.secrets()
        except PandaInfraError:  # values that cannot be read cannot be printed either
            secrets = frozenset()
        if holds_any(why, secrets | credentials(os.environ)):
            return "the reason holds a secret value: look into the log of this run"
        return why


def apply(engine: Engine, files: Mapping[str, bytes], folder: Path) -> Iterator[str]:
    """Deploy a stack exactly as it was reviewed; yields the engine's output.

    Args:
        engine: the stack's engine.
        files: the content of the review's files, by name.
        folder: for the plan while it is applied.

    Raises:
        SealError: the deployment would differ from the review; nothing was changed.
        PulumiError: the engine refused or failed.
    """
    if PLAN not in files or SEAL not in files:
        raise SealError(f"the review of stack {engine.stack} kept no plan: preview the stack again")
    seal = Seal.from_json(files[SEAL].decode())
    now = Seal(engine.stack, _deployment(engine), engine.state(), hash_of(files[PLAN]))
    if broken := seal.broken_by(now):
        what = "\n".join(broken)
        raise SealError(f"{what}\n  Nothing was changed; preview stack {engine.stack} again and review that")
    folder.mkdir(parents=True, exist_ok=True)
    plan = folder / PLAN
    plan.touch(mode=0o600)
    plan.write_bytes(files[PLAN])
    yield from engine.update(plan.resolve())


def check_drift(engine: Engine, forge: Forge) -> str:
    """Compare a stack with its real resources, and open, update or close its issue; returns a summary.

    A stack that is not deployed has not drifted: one that is missing from the backend because nobody has made it
    yet, or a test stack that was destroyed after its last day.

    Raises:
        PandaInfraError: the comparison failed without a result; the issue stays as it is.
    """
    stack = engine.stack
    if not engine.is_deployed():
        return f"not deployed, {_OUTCOMES[_moved(engine, forge, '')]}"
    printed = engine.preview()
    preview = read(printed)
    found = drift.drifted(preview)
    if preview.errors and not found:
        raise PandaInfraError(f"stack {stack} could not be compared:\n  " + "\n  ".join(preview.errors))
    text = drift.body(stack, preview, forge.limit) if found else ""
    if holds_any(printed, engine.secrets()):
        raise PandaInfraError(
            f"the report on stack {stack} would hold a secret value: run the preview by hand"
        )
    return f"{'drift found' if found else 'no drift'}, {_OUTCOMES[_moved(engine, forge, text)]}"


def _moved(engine: Engine, forge: Forge, text: str) -> drift.Next:
    """Give the stack's issue this text; close it if the text is empty."""
    issue = forge.issue(comment.marker(engine.stack, drift.LABEL), drift.LABEL)
    step = drift.next_step(issue, is_drifted=bool(text), text=text)
    if step == "open":
        forge.open_issue(drift.title(engine.stack), text, drift.LABEL)
    elif issue and step == "update":
        forge.update_issue(issue.number, text)
    elif issue and step == "close":
        forge.close_issue(issue.number)
    return step


def forge_of_this_run() -> Forge:
    """The forge whose workflow or pipeline runs this process.

    Raises:
        ForgeError: no forge runs it.
    """
    if os.environ.get("GITHUB_ACTIONS"):
        return GitHub.of_this_run()
    if os.environ.get("GITLAB_CI"):
        return GitLab.of_this_run()
    raise ForgeError("this runs neither in a workflow of GitHub nor in a pipeline of GitLab")


def _deployment(engine: Engine) -> str:
    return revision(engine.pulumi.folder).fingerprint(engine.stack)
