"""What a chart does not let be placed: put into its pods by what Helm pipes the manifest through."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from panda_infra.delivery.place_pods import placed
from panda_infra.plan.data import PLACER, owned_data
from panda_infra.plan.values.placement import POD
from panda_infra.products.registry import COMPONENTS
from tests.support import fast_yaml
from tools import REPOSITORY

STAY = [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 30}]
CONFIG_MAP = f"""# Source: ui/templates/settings.yaml
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
data:
  text: |
    ---
    {POD}: '{{"tolerations": []}}'
"""


def workload(pod: str = "", **annotations: str) -> str:
    lines = "".join(f"        {key}: {json.dumps(value)}\n" for key, value in annotations.items())
    return f"""# Source: ui/charts/frontend/templates/statefulset.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: ui-frontend}}
spec:
  template:
    metadata:
      annotations:
{lines or "        {}"}
    spec:
      containers: []
{pod}"""


def loaded(document: str) -> Any:
    return fast_yaml.load(document)


def test_what_the_annotation_says_is_in_the_pod_and_the_annotation_is_not() -> None:
    given_ = workload(
        "      tolerations: [{key: other}]\n", **{POD: json.dumps({"tolerations": STAY}), "a": "b"}
    )
    [made] = placed(given_)
    template = loaded(made)["spec"]["template"]
    assert template["spec"] == {"containers": [], "tolerations": STAY}
    assert template["metadata"]["annotations"] == {"a": "b"}


def test_what_has_no_annotation_stays_byte_for_byte() -> None:
    for document in (workload(a="b"), workload(), CONFIG_MAP, "kind: List\n", f"# {POD}\n", ""):
        assert list(placed(document)) == [document]


@given(
    st.sampled_from(
        ["yes", "0755", "12:30:45", "2001-01-01", "'yes'", '"1"', "1e3", "~", "'x: y'", "|-\n          a"]
    )
)
def test_every_value_keeps_the_spelling_that_tells_its_type(spelled: str) -> None:
    document = workload(f"      hostname: {spelled}\n", **{POD: json.dumps({"tolerations": STAY})})
    [made] = placed(document)
    before, after = yaml.compose(document), yaml.compose(made)
    assert _scalar(before) == _scalar(after)


def _scalar(root: Any) -> tuple[str, str, bool]:
    node = root
    for key in ("spec", "template", "spec", "hostname"):
        node = next(value for name, value in node.value if name.value == key)
    return node.tag, node.value, node.style is None


def test_helm_runs_it_as_a_program_that_changes_nothing_else() -> None:
    manifest = f"---\n{CONFIG_MAP}--- # the pod\n{workload(**{POD: json.dumps({'tolerations': STAY})})}"
    done = subprocess.run(
        [PLACER], input=manifest, cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    before, settings, made = done.stdout.partition(CONFIG_MAP)
    assert (before, settings) == ("---\n", CONFIG_MAP)
    assert loaded(made.removeprefix("---\n"))["spec"]["template"]["spec"]["tolerations"] == STAY


def test_no_release_would_need_two_programs() -> None:
    for name, spec in COMPONENTS.items():
        if not all(sub.placeable for sub in spec.sub_components):
            assert owned_data(name, {}) == ()
