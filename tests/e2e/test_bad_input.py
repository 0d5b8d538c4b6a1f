"""Bad input ends in one clear error before anything is touched."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from panda_infra.catalog.components import COMPONENTS
from testbed import stacks
from testbed.api import Api
from testbed.bed import Bed
from testbed.workspace import Workspace

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
    content = yaml.safe_load(bed.kubeconfig.read_text())
    content["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return str(path)


def test_a_missing_kubeconfig(refused: Refused) -> None:
    text = refused({_CLUSTER: {"kind": "existing", "kubeconfig": "/nowhere/kubeconfig"}})
    assert "cluster.kubeconfig" in text
    assert "/nowhere/kubeconfig" in text


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
    content = yaml.safe_load(bed.kubeconfig.read_text())
    content["users"][0]["user"] = {"token": "canary-token"}
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(content))
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
    for component in COMPONENTS:
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


def test_every_problem_at_once(refused: Refused) -> None:
    text = refused(
        {
            _CLUSTER: {"kind": "existing", "kubeconfig": "/nowhere/kubeconfig"},
            _COMPONENTS: _with_broker_chart(version="9.9.9"),
        }
    )
    assert "/nowhere/kubeconfig" in text
    assert "9.9.9" in text
