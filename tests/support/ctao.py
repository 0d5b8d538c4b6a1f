"""A small stack of CTAO's DPPS, for tests of the program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from panda_infra.config.stack import StackConfig
from panda_infra.products.registry import PRODUCTS, components_of
from tests.support import fast_yaml

__all__ = ["COMPONENTS", "EVERYTHING", "INTERFACES", "RUCIO", "sections", "stack", "written"]

INTERFACES: dict[str, Any] = {
    "environment": "ci",
    "rucioDatabase": {"kind": "fixture"},
    "diracDatabase": {"kind": "fixture"},
    "objectstore": {"kind": "fixture"},
    "opensearch": {"kind": "fixture"},
    **{name: {"kind": "fixture"} for name in ("storage", "ce", "iam", "fts", "cvmfs", "registry")},
}

COMPONENTS: dict[str, dict[str, Any]] = {
    "objectstore": {},
    "distribution": {},
    "rucio-db": {},
    "dirac-db": {},
    "opensearch": {},
    "dex": {},
    "dirac-bootstrap": {},
    "diracx-bootstrap": {},
    "rucio-bootstrap": {},
    "rucio": {},
    "rucio-config": {
        "settings": {
            "accounts": {"dpps": {"type": "SERVICE", "email": "dpps@site.org"}},
            "scopes": {"acada": "dpps"},
            "rses": {"NORTH": {"attributes": {"tape": "false"}}, "SOUTH": {}},
            "distances": {"NORTH": {"SOUTH": 1}},
            "limits": {"dpps": {"NORTH": "1Ti"}},
        }
    },
    "fts": {},
    "xrootd": {},
    "dirac": {},
    "diracx": {"settings": {"organisations": {"ctao": {"client": "dpps"}}}},
    "cvmfs-volume": {},
    "ce": {},
    "rucio-daemons": {"settings": {"transferTool": "mock"}},
}

EVERYTHING = {name: COMPONENTS.get(name, {}) for name in components_of(PRODUCTS["ctao"])}
"""Every component, whichever there are; of those above tests write facts down one by one."""
RUCIO: dict[str, Any] = {
    "components": {name: given for name, given in COMPONENTS.items() if name.startswith("rucio")},
    "interfaces": {"environment": "ci", "rucioDatabase": {"kind": "fixture"}},
    "hosts": {"rucio": "rucio.localhost"},
}
"""The sections of a stack with Rucio alone."""


def sections(**overrides: Any) -> dict[str, Any]:
    """The sections of a stack for CI; each override replaces one."""
    return {
        "experiment": "ctao-dpps-ci",
        "namespace": "ctao",
        "cluster": {"kind": "existing", "kubeconfig": "kubeconfig"},
        "storage": {"class": "standard"},
        "lifecycle": {"protect": False},
        "hosts": {"rucio": "rucio.localhost", "diracx": "diracx.localhost"},
        "interfaces": INTERFACES,
        "components": COMPONENTS,
        **overrides,
    }


def stack(**overrides: Any) -> StackConfig:
    """The same as a validated configuration."""
    return StackConfig.model_validate_json(json.dumps(sections(**overrides)))


def written(folder: Path, **overrides: Any) -> Path:
    """The same as a stack file in a folder."""
    file = folder / "Pulumi.ctao.yaml"
    config = {f"panda-infra:{name}": section for name, section in sections(**overrides).items()}
    file.write_text(fast_yaml.dump({"config": config}))
    return file
