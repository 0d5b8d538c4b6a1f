"""The deployment of one commit: a Plan per stack, and fingerprints of the code that makes resources of Plans."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["FORMAT", "Revision", "StackPlan"]

# Commits with another format cannot be compared with this one.
FORMAT = 1


@dataclass(frozen=True)
class StackPlan:
    """One stack of a commit.

    ``plan`` is the serialised Plan, None if the stack file has ``problems``. ``encrypted`` maps the path of each
    encrypted value to a fingerprint of its ciphertext, ``files`` each deployed file to a fingerprint of its content.
    """

    plan: Mapping[str, Any] | None
    problems: tuple[str, ...] = ()
    encrypted: Mapping[str, str] | None = None
    files: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values, as ``Revision.from_json`` reads them."""
        return {
            "plan": self.plan,
            "problems": list(self.problems),
            "encrypted": dict(self.encrypted or {}),
            "files": dict(self.files or {}),
        }


@dataclass(frozen=True)
class Revision:
    """One commit.

    ``program`` maps each part of the program that makes resources of a Plan to a fingerprint: the code by package,
    the packages of the engine by version. ``trouble`` is the reason if a commit cannot be described; it then has no
    stacks.
    """

    stacks: Mapping[str, StackPlan]
    program: Mapping[str, str]
    trouble: str = ""

    def to_json(self) -> str:
        """The revision as canonical JSON: equal revisions have equal texts."""
        stacks = {name: stack.as_json() for name, stack in self.stacks.items()}
        return _canonical({"format": FORMAT, "program": dict(self.program), "stacks": stacks})

    @classmethod
    def from_json(cls, text: str) -> Revision:
        """The revision from a commit's own description; with ``trouble`` if this format cannot read it."""
        try:
            value = json.loads(text)
            if value["format"] != FORMAT:
                return cls({}, {}, f"its Plans are in format {value['format']}, not {FORMAT}")
            stacks = {
                name: StackPlan(each["plan"], tuple(each["problems"]), each["encrypted"], each["files"])
                for name, each in value["stacks"].items()
            }
            return cls(stacks, value["program"])
        except (ValueError, LookupError, TypeError, AttributeError):
            return cls({}, {}, "its own code gave no Plans")

    def fingerprint(self, stack: str) -> str:
        """A hash of everything that determines a stack's deployment; KeyError if there is no such stack."""
        whole = {"program": dict(self.program), "stack": self.stacks[stack].as_json()}
        return hashlib.sha256(_canonical(whole).encode()).hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
