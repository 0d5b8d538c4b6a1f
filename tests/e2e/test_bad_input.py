"""Bad input ends in one clear error before anything is touched."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from panda_infra.plan.demands import CVMFS_DRIVER
from testbed import magnum, stacks, waiting
from testbed.api import Api, ApiError
from testbed.bed import Bed
from testbed.workspace import Workspace
from tests.support import fast_yaml
from tests.support.panda import COMPONENTS

pytestmark = pytest.mark.e2e

Refused = Callable[..., str]

_NAMESPACE = "bad-input"
_CLUSTER = "panda-infra:cluster"
_COMPONENTS = "panda-infra:components"
_CHARTS = "panda-infra:charts"


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Workspace:
    return stacks.local(bed, bed.state / "stacks" / _NAMESPACE, {"panda-infra:namespace": _NAMESPACE})


@pytest.fixture
def refused(stack: Workspace, bed: Bed) -> Iterator[Refused]:
    """Runs ``up`` with changed sections, expects it to be refused, and gives the error's text."""
    good = stack.stack_file.read_text()

    def run(sections: dict[str, Any], within: float = 60) -> str:
        stack.configure(sections)
        began = time.monotonic()
        # With its preview, which refuses before the state is touched.
        result = stack.pulumi("up", "--yes", "--stack", stack.stack)
        assert time.monotonic() - began < within
        assert result.code != 0, result.text
        assert "Traceback" not in result.text
        assert "RuntimeWarning" not in result.text
        assert "nothing was changed" in result.text
        assert len(re.findall(r"^ +error: ", result.text, re.MULTILINE)) == 1, result.text
        assert f"Pulumi.{stack.stack}.yaml" in result.text
        assert json.loads(stack.exported_state())["deployment"].get("resources", []) == []
        namespaces = Api(bed.kubeconfig).list("/api/v1/namespaces")
        assert _NAMESPACE not in {each["metadata"]["name"] for each in namespaces}
        return result.text

    yield run
    stack.stack_file.write_text(good)


def _with_broker_chart(**chart: str) -> dict[str, Any]:
    """Every component, the broker's chart pinned."""
    return {name: {} for name in COMPONENTS} | {"msgsvc": {"chart": chart}}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def kubeconfig(folder: Path, bed: Bed, port: int) -> str:
    """The bed's kubeconfig, pointing to another port."""
    content = fast_yaml.load(bed.kubeconfig.read_text())
    content["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    path = folder / "kubeconfig"
    path.write_text(fast_yaml.dump(content))
    return str(path)


def test_a_missing_kubeconfig(refused: Refused) -> None:
    text = refused({_CLUSTER: {"kind": "existing", "kubeconfig": "/nowhere/kubeconfig"}})
    assert "cluster.kubeconfig" in text
    assert "/nowhere/kubeconfig" in text


def test_an_issuer_that_only_the_cluster_knows(refused: Refused) -> None:
    text = refused(
        {
            "panda-infra:auth": {"issuer": "http://iam-main:8443"},
            "panda-infra:hosts": {"panda": "panda.bnl.gov"},
        }
    )
    assert "auth.issuer: is iam-main, which cannot be reached from outside of the cluster" in text


def test_an_unknown_context(refused: Refused, bed: Bed) -> None:
    text = refused(
        {_CLUSTER: {"kind": "existing", "kubeconfig": str(bed.kubeconfig), "context": "elsewhere"}}
    )
    assert "elsewhere" in text


@pytest.mark.alone
def test_an_api_server_that_refuses_connections(refused: Refused, bed: Bed, tmp_path: Path) -> None:
    port = free_port()
    text = refused({_CLUSTER: {"kind": "existing", "kubeconfig": kubeconfig(tmp_path, bed, port)}}, within=10)
    assert f"127.0.0.1:{port}" in text


@pytest.mark.alone
def test_an_api_server_that_never_answers(refused: Refused, bed: Bed, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        text = refused(
            {_CLUSTER: {"kind": "existing", "kubeconfig": kubeconfig(tmp_path, bed, port)}}, within=10
        )
    assert f"127.0.0.1:{port}" in text


def test_credentials_that_the_cluster_refuses(refused: Refused, bed: Bed, tmp_path: Path) -> None:
    content = fast_yaml.load(bed.kubeconfig.read_text())
    content["users"][0]["user"] = {"token": "canary-token"}
    path = tmp_path / "kubeconfig"
    path.write_text(fast_yaml.dump(content))
    text = refused({_CLUSTER: {"kind": "existing", "kubeconfig": str(path)}})
    assert "answers 401" in text
    assert "It refuses the token of user" in text
    assert str(path) in text
    assert "canary-token" not in text


def test_an_unknown_component(refused: Refused) -> None:
    text = refused({_COMPONENTS: {"msgsvc": {}, "pandas": {}}})
    assert "pandas" in text
    assert "panda" in text


def test_a_dependency_that_is_not_deployed(refused: Refused) -> None:
    text = refused({_COMPONENTS: {"iam": {}, "iam-db": {}, "panda": {}, "idds": {}}})
    assert "idds" in text
    assert "msgsvc" in text


def test_a_chart_that_is_not_in_the_registry(refused: Refused) -> None:
    text = refused({_COMPONENTS: _with_broker_chart(version="9.9.9")})
    assert "has no version 9.9.9" in text


def test_a_chart_of_a_component_that_the_registry_never_had(refused: Refused, bed: Bed) -> None:
    elsewhere = {"kind": "oci", "repository": f"{bed.chart_repository}/elsewhere"}
    text = refused({_CHARTS: elsewhere})
    for component in (name for name, spec in COMPONENTS.items() if spec.upstream):
        assert f"{elsewhere['repository']}/{component} has no version" in text


def test_a_chart_that_was_overwritten(refused: Refused) -> None:
    digest = "sha256:" + "0" * 64
    text = refused({_COMPONENTS: _with_broker_chart(version="0.1.0", digest=digest)})
    assert "not the pinned" in text


@pytest.mark.alone
def test_a_registry_that_is_down(refused: Refused) -> None:
    text = refused(
        {_CHARTS: {"kind": "oci", "repository": f"oci://127.0.0.1:{free_port()}/charts"}}, within=10
    )
    assert "charts.repository: the registry 127.0.0.1:" in text
    assert "cannot be reached (Connection refused)" in text


@pytest.mark.alone
def test_neither_the_api_server_nor_the_registry_answers(refused: Refused, bed: Bed, tmp_path: Path) -> None:
    """As of a machine whose VPN is down: packets vanish."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        cluster = {"kind": "existing", "kubeconfig": kubeconfig(tmp_path, bed, port)}
        charts = {"kind": "oci", "repository": f"oci://127.0.0.1:{port}/charts"}
        text = refused({_CLUSTER: cluster, _CHARTS: charts}, within=10)
    assert f"cluster.kubeconfig: the API server 127.0.0.1:{port} does not answer" in text
    assert f"charts.repository: the registry 127.0.0.1:{port} cannot be reached" in text


@pytest.fixture
def without_cvmfs(bed: Bed) -> Iterator[None]:
    """A cluster that nobody gave CVMFS' driver."""
    api = Api(bed.kubeconfig)
    api.delete(f"{magnum.DRIVERS}/{CVMFS_DRIVER}")
    yield
    api.create(magnum.DRIVERS, magnum.driver(CVMFS_DRIVER))


@pytest.mark.usefixtures("without_cvmfs")
def test_what_the_cluster_lacks_all_at_once(refused: Refused) -> None:
    huge = {"cpu": "4", "memory": "65Gi"}
    text = refused(
        {
            "panda-infra:storage": {"class": "no-such-class"},
            "panda-infra:exposure": {"className": "no-such-controller"},
            _COMPONENTS: {name: {} for name in COMPONENTS}
            | {
                "msgsvc": {"activemq": {"resources": {"requests": huge, "limits": huge}}},
                "idds": {"rest": {"nodeSelector": {"pool": "no-such-pool"}}},
                "harvester": {"harvester": {"cvmfs": [{"name": "atlas", "repository": "atlas.cern.ch"}]}},
            },
        }
    )
    for reported in (
        r"storage\.class: the cluster has no StorageClass no-such-class",
        r"exposure\.className: the cluster has no IngressClass no-such-controller",
        r"components\.harvester\.harvester\.cvmfs: the cluster has no CSIDriver cvmfs\.csi\.cern\.ch",
        r"components\.idds\.rest\.nodeSelector: no node of the cluster has pool=no-such-pool",
        r"components\.msgsvc\.activemq\.resources: a pod requests 4 CPU, 65 GiB, and the largest node .* has 16 CPU",
    ):
        assert re.search(reported, text), text


def test_ingresses_that_a_policy_of_the_cluster_refuses(refused: Refused, bed: Bed) -> None:
    with refusing_snippets(Api(bed.kubeconfig)):
        text = refused({})
    for host in ("panda", "idds", "iam"):
        assert re.search(
            rf"hosts\.{host}: the cluster refuses the Ingress: .* contains risky annotation", text
        ), text
    assert "annotations-risk-level: Critical" in text


@contextmanager
def refusing_snippets(api: Api) -> Iterator[None]:
    """What ingress-nginx does from 1.12 on with its own defaults."""
    root = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic"
    rules = {"apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"], "resources": ["ingresses"]}
    snippet = "k.endsWith('-snippet')"
    free = f"!has(object.metadata.annotations) || !object.metadata.annotations.exists(k, {snippet})"
    here = {"matchLabels": {"kubernetes.io/metadata.name": "default"}}
    policy = {
        "metadata": {"name": "risk"},
        "spec": {
            "matchConstraints": {"resourceRules": [rules | {"operations": ["CREATE", "UPDATE"]}]},
            "validations": [
                {"expression": free, "message": "contains risky annotation based on configuration"}
            ],
        },
    }
    binding = {
        "metadata": {"name": "risk"},
        "spec": {
            "policyName": "risk",
            "validationActions": ["Deny"],
            # Others on the bed have Ingresses of their own.
            "matchResources": {"namespaceSelector": here},
        },
    }
    try:
        api.create(f"{root}ies", policy)
        api.create(f"{root}ybindings", binding)
        waiting.until(lambda: _refuses(api), "the policy being in force", 20)
        yield
    finally:
        api.delete(f"{root}ybindings/risk")
        api.delete(f"{root}ies/risk")


def _refuses(api: Api) -> bool:
    """A policy that is new takes a moment."""
    trial = {
        "metadata": {"name": "trial", "annotations": {"x/server-snippet": "#"}},
        "spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}},
    }
    path = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
    try:
        api.create(path, trial)
    except ApiError:
        return True
    api.delete(f"{path}/trial")
    return False


def test_every_problem_at_once(refused: Refused) -> None:
    text = refused(
        {
            _CLUSTER: {"kind": "existing", "kubeconfig": "/nowhere/kubeconfig"},
            _COMPONENTS: _with_broker_chart(version="9.9.9"),
        }
    )
    assert "/nowhere/kubeconfig" in text
    assert "9.9.9" in text
