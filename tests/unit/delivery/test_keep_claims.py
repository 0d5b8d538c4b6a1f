"""Claims that outlive their release: marked by what Helm pipes the manifest through, everything else as it was."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from panda_infra.delivery.keep_claims import keeping
from panda_infra.plan.data import KEEPER
from tests.support import fast_yaml
from tools import REPOSITORY

CONFIG_MAP = """# Source: panda/templates/settings.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  mode: 0755
  text: |
    ---
    kind: PersistentVolumeClaim
"""


def claim(mode: str = "ReadWriteMany", **metadata: Any) -> str:
    body = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", **metadata},
        "spec": {"accessModes": [mode], "storageClassName": "standard"},
    }
    return fast_yaml.dump(body)


def kept(manifest: str) -> Any:
    [marked] = keeping(manifest)
    return fast_yaml.load(marked)


@pytest.mark.parametrize("metadata", [{}, {"annotations": None}, {"annotations": {"owner": "me"}}])
def test_a_claim_is_marked_and_keeps_everything_else(metadata: dict[str, Any]) -> None:
    expected = fast_yaml.load(claim(**metadata))
    mark = {"helm.sh/resource-policy": "keep"}
    expected["metadata"]["annotations"] = (metadata.get("annotations") or {}) | mark
    assert kept(claim(**metadata)) == expected


def test_what_nobody_writes_to_is_no_data() -> None:
    assert list(keeping(claim("ReadOnlyMany"))) == [claim("ReadOnlyMany")]


def test_helm_runs_it_as_a_program_that_changes_nothing_but_claims() -> None:
    manifest = f"---\n{CONFIG_MAP}--- # the claim\n{claim()}"
    done = subprocess.run(
        [KEEPER], input=manifest, cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    before, settings, marked = done.stdout.partition(CONFIG_MAP)
    assert (before, settings) == ("---\n", CONFIG_MAP)
    assert fast_yaml.load(marked.removeprefix("---\n")) == kept(claim())
