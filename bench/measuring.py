"""Shared by the measurements: the seconds of a step, and objects to make again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from testbed.workspace import Result

__all__ = ["bare", "checked", "seconds"]


def seconds(action: Callable[[], object]) -> float:
    """The wall-clock seconds of a step."""
    began = time.monotonic()
    action()
    return time.monotonic() - began


def checked(result: Result) -> None:
    """End with the engine's output if a command has failed."""
    if result.code:
        raise SystemExit(result.text)


def bare(item: Mapping[str, Any]) -> dict[str, Any]:
    """An object as it is given to the API to make it anew, without what the cluster has added."""
    kept = {key: value for key, value in item.items() if key in ("type", "data")}
    if "spec" in item:
        kept["spec"] = {key: value for key, value in item["spec"].items() if key != "volumeName"}
    return {"metadata": {"name": item["metadata"]["name"]}, **kept}
