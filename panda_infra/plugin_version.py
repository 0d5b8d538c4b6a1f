"""Read the version of the Kubernetes plugin that fits the installed SDK, without the slow import of the SDK."""

import json
from importlib.util import find_spec
from pathlib import Path

__all__ = ["plugin_version"]


def plugin_version() -> str:
    """The version that the SDK's package states for the engine, such as ``4.25.0``."""
    sdk = Path(str(getattr(find_spec("pulumi_kubernetes"), "origin", "")))
    return str(json.loads(sdk.with_name("pulumi-plugin.json").read_text(encoding="utf-8"))["version"])
