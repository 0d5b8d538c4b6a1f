"""Upstream's charts of DIRAC and DiracX on the test bed, by helm, beside a stack that has made their Secrets."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from panda_infra.config.load import from_file
from panda_infra.plan.make import make_plan
from panda_infra.tree import merged
from testbed import charts, instances, references, stacks
from testbed.api import Api, Object
from testbed.bed import Bed
from testbed.executables import locate
from testbed.workspace import Workspace
from tests.support import canaries, ctao, fast_yaml, upstream_dirac
from tests.support.helm_objects import decoded
from tests.support.pods import secret
from tests.support.workloads import workloads

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_BESIDE, _WMS = "upstream-diracx", "upstream-dirac"
_SECONDS = 600


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Nothing is collected without a checkout."""
    upstream_dirac.give_chart(metafunc)


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    with instances.running(f"dirac-{secrets.token_hex(4)}", nodes=4, charts=charts.chosen(None)) as bed:
        yield bed


@pytest.fixture(scope="module")
def stack(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The whole stack, deployed by the engine."""
    workspace = stacks.of_file(
        bed, ctao.written(tmp_path_factory.mktemp("ctao")), bed.state / "stacks" / "ctao"
    )
    result = workspace.up()
    assert result.code == 0, result.text
    assert references.check(bed, "ctao") == []
    return workspace


class Helm:
    """Helm with the bed's cluster."""

    def __init__(self, bed: Bed) -> None:
        self._bed = bed

    def run(self, *arguments: str | Path, values: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
        """A command that takes values on standard input."""
        return subprocess.run(
            [locate()["helm"], *arguments, "--kubeconfig", self._bed.kubeconfig, "--values", "-"],
            input=fast_yaml.dump(dict(values)),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, **charts.helm_homes(self._bed.state / "helm")},
        )


def make_namespace(bed: Bed, name: str) -> client.CoreV1Api:
    core = client.CoreV1Api(config.new_client_from_config(str(bed.kubeconfig)))
    core.create_namespace({"metadata": {"name": name}})
    return core


@pytest.fixture(scope="module")
def beside(stack: Workspace, bed: Bed, chart: Path) -> Mapping[str, Any]:
    """DiracX by upstream's chart in a namespace of its own; the values of the release."""
    loaded = from_file(stack.stack_file).config
    plan = make_plan("ctao", loaded)
    core = make_namespace(bed, _BESIDE)
    for name, (suffix, keys) in upstream_dirac.SECRETS.items():
        given = upstream_dirac.matching(secret(bed, "ctao", plan.names.secret(suffix)), keys)
        assert given, name
        data = {key: base64.b64encode(text.encode()).decode() for key, text in given.items()}
        core.create_namespaced_secret(_BESIDE, {"metadata": {"name": name}, "data": data})
    # Of the settings those without a credential: there is no existing Secret in their place.
    settings = {
        key: text
        for key, text in plan.release("diracx").values["parts"]["server"]["variables"].items()
        if key.startswith("DIRACX_")
    }
    values = merged(upstream_dirac.DIRACX, {"diracx": {"settings": settings}})
    # Upstream's own default of it has a key pair.
    values["diracx"]["settings"]["DIRACX_SANDBOX_STORE_S3_CLIENT_KWARGS"] = "{}"
    done = Helm(bed).run(
        *("install", "diracx", chart, "--namespace", _BESIDE, "--wait", "--timeout", "5m"), values=values
    )
    assert done.returncode == 0, done.stderr
    return values


def test_upstreams_diracx_is_up_with_the_stacks_secrets(bed: Bed, beside: Mapping[str, Any]) -> None:
    assert beside
    found = workloads(Api(bed.kubeconfig), _BESIDE)
    assert len(found) == 7
    assert [each["metadata"]["name"] for each in found if each["status"].get("readyReplicas") != 1] == []


def test_every_reference_is_resolved(bed: Bed, beside: Mapping[str, Any]) -> None:
    assert beside
    assert references.check(bed, _BESIDE) == []


def test_no_credential_is_in_an_object_of_helm(bed: Bed, stack: Workspace, beside: Mapping[str, Any]) -> None:
    assert beside
    api, known = Api(bed.kubeconfig), canaries.values(stack.encrypted["panda-infra:secrets"])
    found = api.list(f"/api/v1/namespaces/{_BESIDE}/secrets")
    given = [each for each in found if each["metadata"]["name"] in upstream_dirac.SECRETS]
    of_helm = [each for each in found if each not in given]
    assert {each["metadata"]["name"] for each in of_helm} >= {
        "diracx-secrets",
        "sh.helm.release.v1.diracx.v1",
    }
    texts = [_text(each) for each in of_helm]
    texts += [json.dumps(api.list(f"/api/v1/namespaces/{_BESIDE}/{kind}")) for kind in ("configmaps", "pods")]
    assert [canaries.found_in(text, known) for text in texts] == [[]] * len(texts)
    # What is looked for is there to be found.
    assert "diracx.redisPassword" in canaries.found_in("".join(map(_text, given)), known)


def _text(each: Object) -> str:
    return "".join(map(decoded, (each.get("data") or {}).values()))


# What follows is why the charts are not used. A test that fails here asks for a new decision.


def test_a_second_release_is_refused(bed: Bed, chart: Path, beside: Mapping[str, Any]) -> None:
    done = Helm(bed).run("install", "other-diracx", chart, "--namespace", _BESIDE, values=beside)
    assert done.returncode != 0
    assert 'Secret "diracx-secrets"' in done.stderr
    assert "cannot be imported into the current release" in done.stderr


def templates(bed: Bed) -> dict[str, Object]:
    return {
        each["metadata"]["name"]: each["spec"]["template"]
        for each in workloads(Api(bed.kubeconfig), _WMS)
        if "-dirac-" in each["metadata"]["name"]
    }


def test_a_change_of_one_program_replaces_all_of_dirac(bed: Bed, chart: Path, tmp_path: Path) -> None:
    """C6: the first upgrade compares with the configuration of the cluster, the second one with nothing new."""
    assert chart
    wms = upstream_dirac.wms(tmp_path)
    make_namespace(bed, _WMS)
    helm, found = Helm(bed), []
    for replicas in (1, 2, 3):
        changed = {"diracServer": {"diracComponents": {"matcher": {"replicaCount": replicas}}}}
        done = helm.run(
            *("upgrade", "--install", "demo", wms, "--namespace", _WMS),
            values=merged(upstream_dirac.WMS, changed),
        )
        assert done.returncode == 0, done.stderr
        found.append(templates(bed))
    _, second, third = found
    programs = set(yaml.safe_load((wms / "values.yaml").read_text())["diracServer"]["diracComponents"])
    # Those that begin with an underscore are defaults.
    count = len([name for name in programs if not name.startswith("_")])
    assert len({name for name in second if second[name] != third[name]}) >= count
