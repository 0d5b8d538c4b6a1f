"""What stands in the way of an existing cluster is found within seconds and reported in one sentence."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from panda_infra.cluster.existing import check_cluster
from panda_infra.config.cluster import ExistingCluster
from panda_infra.config.secrets import Secrets
from tests.support import fast_yaml

_KUBECONFIG = {
    "current-context": "here",
    "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {"token": "canary"}}],
}


def problem(path: Path | str, context: str | None = None) -> str:
    cluster = ExistingCluster(kind="existing", kubeconfig=str(path), context=context)
    (found,) = check_cluster("test", cluster, Secrets())
    assert found.where == "cluster.kubeconfig"
    assert "canary" not in str(found)
    return str(found)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    path = tmp_path / "kubeconfig"
    path.write_text(fast_yaml.dump(_KUBECONFIG))
    return path


def test_no_file() -> None:
    assert "no readable file at '/nowhere'" in problem("/nowhere")


@pytest.mark.parametrize("text", ["", "[]", "a: [", "current-context: x", "just text"])
def test_no_kubeconfig(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    assert "not a kubeconfig" in problem(path)


def test_unknown_context(kubeconfig: Path) -> None:
    assert "context 'elsewhere'" in problem(kubeconfig, "elsewhere")


def test_nobody_listens(kubeconfig: Path) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kubeconfig.write_text(kubeconfig.read_text().replace("127.0.0.1:1", f"127.0.0.1:{port}"))
    assert f"127.0.0.1:{port} cannot be reached" in problem(kubeconfig)
