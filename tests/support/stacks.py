"""Small valid stack configurations."""

from __future__ import annotations

import json
from typing import Any

from panda_infra.config.stack import StackConfig
from tests.support.panda import COMPONENTS

EVERYTHING = tuple(COMPONENTS)
"""Every component, whichever there are."""
KNOWN = ("msgsvc", "iam", "iam-db", "panda", "harvester", "idds", "bigmon", "ui", "mcp")
"""Components of which tests write facts down one by one; one that is added later needs no place in these tests."""


def sections(**overrides: Any) -> dict[str, Any]:
    """The sections of a stack file with every component, by default; each override replaces a section."""
    return {
        "experiment": "local",
        "cluster": {"kind": "existing", "kubeconfig": "kubeconfig"},
        "storage": {"class": "standard"},
        "components": {name: {} for name in EVERYTHING},
        **overrides,
    }


def stack(**overrides: Any) -> StackConfig:
    """The same as a validated configuration."""
    return StackConfig.model_validate_json(json.dumps(sections(**overrides)))


def known(**overrides: Any) -> StackConfig:
    """The same with the known components alone, where an override does not name others."""
    return stack(**{"components": {name: {} for name in KNOWN}, **overrides})
