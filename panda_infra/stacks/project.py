"""The project folder: its path, its stack files and their content."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from panda_infra.config.load import Loaded, from_file, from_pulumi, text_of
from panda_infra.config.messages import nearest
from panda_infra.config.stack import StackConfig
from panda_infra.config.stackfile import NAMESPACE
from panda_infra.errors import PandaInfraError, StackError
from panda_infra.rules.judge import judge_given

__all__ = ["Project", "find_project"]

_STACK_FILE = re.compile(r"Pulumi\.(.+)\.yaml")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True)
class Project:
    """The folder with Pulumi.yaml."""

    folder: Path

    @property
    def stacks(self) -> tuple[str, ...]:
        """The sorted names of the stacks that have a file."""
        names = (_STACK_FILE.fullmatch(file.name) for file in self.folder.glob("Pulumi.*.yaml"))
        return tuple(sorted(match[1] for match in names if match and (self.folder / match[0]).is_file()))

    def new_file(self, stack: str) -> Path:
        """The path of a stack's file, existing or not.

        Raises:
            PandaInfraError: the name is not a valid stack name.
        """
        if not _NAME.fullmatch(stack):
            raise PandaInfraError(
                f"{stack!r} cannot be a stack's name: use letters, digits, dots, dashes and underscores"
            )
        return self.folder / f"Pulumi.{stack}.yaml"

    def file(self, stack: str) -> Path:
        """The file of a stack.

        Raises:
            PandaInfraError: there is none.
        """
        file = self.new_file(stack)
        if file.is_dir():
            raise PandaInfraError(f"{file.name} in {self.folder} is a folder, not the file of a stack")
        if not file.is_file():
            near = nearest(stack, self.stacks)
            hint = f"did you mean {near}?" if near else f"stacks here: {', '.join(self.stacks) or 'none'}."
            raise PandaInfraError(f"stack {stack} has no file {file.name} in {self.folder}; {hint}")
        return file

    def load(self, stack: str, *, mending: str | None = None) -> Loaded:
        """A stack's configuration, not decrypted; it may still break rules between its keys.

        Problems in the section ``mending`` are ignored, because a command is about to correct it.

        Raises:
            StackError: with every invalid key.
        """
        return from_file(self.file(stack), mending=mending)

    def legible(self, stack: str) -> None:
        """Check that the file of a stack is valid YAML; the CLI reports other problems itself.

        Raises:
            PandaInfraError: there is none.
            StackError: with every YAML error.
        """
        file = self.file(stack)
        if problems := text_of(file)[1]:
            raise StackError(file.name, problems)

    def judge(self, stack: str) -> Loaded:
        """The same, judged by all rules that do not need the encrypted values.

        Raises:
            StackError: with every problem of the file.
        """
        return from_file(self.file(stack), rules=partial(judge_given, folder=self.folder))

    def judge_new(self, stack: str, sections: Mapping[str, Any]) -> StackConfig:
        """The configuration that the sections of a file make that is not written yet.

        Raises:
            StackError: a section is invalid, or breaks a rule other than that a value is missing that only the site
                knows.
        """
        values = {f"{NAMESPACE}:{name}": _passed(value) for name, value in sections.items()}
        config = from_pulumi(stack, values, (), folder=self.folder).config
        found = judge_given(config, stack=stack, folder=self.folder)
        if problems := [each for each in found if not each.awaits_site]:
            raise StackError(f"Pulumi.{stack}.yaml", problems)
        return config


def find_project(start: Path) -> Project:
    """The project that contains ``start``.

    Raises:
        PandaInfraError: no project contains it.
    """
    for folder in (start, *start.parents):
        file = folder / "Pulumi.yaml"
        if re.search(rf"^name: *{NAMESPACE}\s*$", _text(file), re.MULTILINE):
            return Project(folder)
    raise PandaInfraError(f"{start} does not lie in a checkout of {NAMESPACE}: change into one first")


def _passed(value: Any) -> str:
    """The text of a section as the engine passes it."""
    return value if isinstance(value, str) else json.dumps(value)


def _text(file: Path) -> str:
    """A file's text; empty if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
