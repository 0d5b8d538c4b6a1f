"""Previews as the engine prints them, step by step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from panda_infra.review.preview import RELEASE, Preview, read

_ROOT = "urn:pulumi:local::panda-infra"
Inputs = Mapping[str, Any]


def step(
    op: str,
    kind: str,
    name: str,
    before: Inputs | None = None,
    after: Inputs | None = None,
    *,
    keys: Sequence[str] = (),
    custom: bool = True,
) -> dict[str, Any]:
    """One step; a state without inputs is left out."""
    urn = f"{_ROOT}::{kind}::{name}"
    made: dict[str, Any] = {
        "op": op,
        "urn": urn,
        "detailedDiff": {key: {"kind": "update"} for key in keys} or None,
    }
    for state, inputs in (("oldState", before), ("newState", after)):
        if inputs is not None:
            made[state] = {"urn": urn, "type": kind, "custom": custom, "inputs": dict(inputs)}
    return made


def release(
    component: str, before: Inputs | None, after: Inputs | None, op: str = "update"
) -> dict[str, Any]:
    """A step of a component's release with these chart values."""
    inputs = {"chart": f"oci://charts/{component}", "version": "1.0.0", "name": f"panda-{component}"}
    old = None if before is None else {**inputs, "values": before}
    new = None if after is None else {**inputs, "values": after}
    return step(op, f"panda-infra:delivery:Component${RELEASE}", component, old, new)


def printed(*steps: Mapping[str, Any], same: int = 0, errors: Sequence[str] = ()) -> str:
    """The engine's output."""
    diagnostics = [{"severity": "error", "message": f"error: {error}\n"} for error in errors]
    return json.dumps({"steps": list(steps), "changeSummary": {"same": same}, "diagnostics": diagnostics})


def preview(*steps: Mapping[str, Any], same: int = 0, errors: Sequence[str] = ()) -> Preview:
    """The same, read."""
    return read(printed(*steps, same=same, errors=errors))
