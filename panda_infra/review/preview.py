"""Reads the output of ``pulumi preview --json --diff``, and assigns each resource to a component of PanDA."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from panda_infra.errors import PandaInfraError
from panda_infra.review.wording import without_values
from panda_infra.state.urns import read_urn
from panda_infra.tree import Difference, differences

__all__ = [
    "CLUSTER",
    "RELEASE",
    "SECRETS",
    "STORAGE",
    "Action",
    "Preview",
    "PreviewError",
    "Step",
    "read",
    "with_violations",
]

Action = Literal["created", "changed", "replaced", "deleted"]

RELEASE = "kubernetes:helm.sh/v3:Release"
# Owners of resources that do not belong to a component.
CLUSTER, STORAGE, SECRETS = "cluster", "namespace and storage", "secrets"

_ACTIONS: Mapping[str, Action] = {
    "create": "created",
    "import": "created",
    "update": "changed",
    "replace": "replaced",
    "delete": "deleted",
    "discard": "deleted",
}
_STORAGE_TYPES = ("Namespace", "PersistentVolume", "PersistentVolumeClaim")
_SECRETS_TYPE = "kubernetes:core/v1:Secret"
_HIDDEN = "[secret]"


class PreviewError(PandaInfraError):
    """The text is not a preview."""


@dataclass(frozen=True)
class Step:
    """The change of one resource.

    ``owner`` is a component, or one of ``CLUSTER``, ``STORAGE`` and ``SECRETS``. ``before`` and ``after`` are its
    inputs, with masked secret values; ``keys`` are the inputs that caused the change, ``notes`` the engine's
    warnings about the resource, such as differences between a release and its objects.
    """

    action: Action
    urn: str
    type: str
    name: str
    owner: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def differences(self) -> tuple[Difference, ...]:
        """The inputs that differ, and masked ones that the engine reported as different."""
        shown = tuple(differences(self.before, self.after))
        hidden = sorted(
            {key for key in self.keys if self.after.get(key) == _HIDDEN and self.before.get(key) == _HIDDEN}
        )
        return (*shown, *(Difference(key, _HIDDEN, _HIDDEN) for key in hidden))


@dataclass(frozen=True)
class Preview:
    """A whole preview: the steps that change something, the number of unchanged resources, and the errors."""

    steps: tuple[Step, ...]
    unchanged: int
    errors: tuple[str, ...]


def read(text: str) -> Preview:
    """The preview that the engine printed.

    Raises:
        PreviewError: the text is not a preview.
    """
    try:
        value = json.loads(text)
        diagnostics = value.get("diagnostics") or []
        steps = tuple(_steps(value.get("steps") or [], diagnostics))
        unchanged = (value.get("changeSummary") or {}).get("same", 0)
        return Preview(steps, unchanged, tuple(dict.fromkeys(_errors(diagnostics))))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        how = "take the output of `pulumi preview --json --diff`"
        raise PreviewError(f"this is no preview ({type(error).__name__}): {how}") from None


def with_violations(printed: str, events: str) -> str:
    """The preview that the engine printed, with the policy violations of its event log added to the diagnostics.

    Args:
        printed: the preview as JSON.
        events: one JSON event per line.
    """
    logged = (json.loads(line).get("policyEvent") for line in events.splitlines())
    reported = [
        {
            "severity": "error",
            "message": f"{event['policyName']}: {event['message'].strip().splitlines()[-1]}",
        }
        for event in logged
        if event and event["enforcementLevel"] == "mandatory"
    ]
    if not reported:
        return printed
    value = json.loads(printed)
    return json.dumps(value | {"diagnostics": [*reported, *(value.get("diagnostics") or [])]})


def _steps(steps: list[Mapping[str, Any]], diagnostics: list[Mapping[str, Any]]) -> Iterator[Step]:
    for step in steps:
        action = _ACTIONS.get(step["op"])
        if action is None:  # same, refresh, read, and the two halves of a replacement
            continue
        urn = step["urn"]
        parts = read_urn(urn)
        old, new = step.get("oldState") or {}, step.get("newState") or {}
        if not (new or old).get("custom"):  # only groups resources in the program
            continue
        yield Step(
            action=action,
            urn=urn,
            type=parts.type,
            name=parts.name,
            owner=_owner(parts.type, parts.name, old or new),
            before=old.get("inputs") or {},
            after=new.get("inputs") or {},
            keys=_keys(step),
            notes=tuple(dict.fromkeys(_notes(urn, diagnostics))),
        )


def _owner(kind: str, name: str, state: Mapping[str, Any]) -> str:
    if kind == RELEASE:
        return name
    if kind == _SECRETS_TYPE:
        return SECRETS
    if kind.rsplit(":", 1)[-1] in _STORAGE_TYPES:
        return STORAGE
    parent = re.search(r"panda-infra:delivery:Component::([^:$]+)$", state.get("parent") or "")
    return parent[1] if parent else CLUSTER


def _keys(step: Mapping[str, Any]) -> tuple[str, ...]:
    paths = [
        *(step.get("detailedDiff") or {}),
        *(step.get("diffReasons") or []),
        *(step.get("replaceReasons") or []),
    ]
    return tuple(dict.fromkeys(re.split(r"[.\[]", path, maxsplit=1)[0] for path in paths))


def _notes(urn: str, diagnostics: list[Mapping[str, Any]]) -> Iterator[str]:
    for each in diagnostics:
        if each.get("severity") == "warning" and each.get("urn") == urn:
            yield _said("warning", each)


def _errors(diagnostics: list[Mapping[str, Any]]) -> Iterator[str]:
    for each in diagnostics:
        if each.get("severity") == "error":
            name = str(each.get("urn") or "").rpartition("::")[2]
            message = _said("error", each)
            yield f"{name}: {message}" if name else message


def _said(severity: str, diagnostic: Mapping[str, Any]) -> str:
    return without_values(re.sub(rf"^{severity}:\s*", "", diagnostic["message"]).strip())
