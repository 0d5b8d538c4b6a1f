"""What the chart of programs makes of its parts, and the traps of upstream's charts that it leaves out."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from panda_infra.plan.make import make_plan
from panda_infra.products.ctao import programs
from panda_infra.products.ctao.programs import EVERYBODY, Data, Key, Mount, Part
from panda_infra.products.registry import COMPONENTS, PRODUCTS, components_of, shipped_chart
from tests.support import ctao, fast_yaml
from tools import REPOSITORY
from tools.errors import ToolsError
from tools.toolchain import ensure

_CHART = REPOSITORY / "panda_infra/products/ctao/charts/programs"
_OWN = [name for name, spec in components_of(PRODUCTS["ctao"]).items() if spec.chart == programs.CHART]


@pytest.fixture(scope="module")
def helm() -> Path:
    try:
        return ensure(["helm"]).path("helm")
    except ToolsError as error:
        pytest.skip(f"helm is not available: {error}")


def rendered(helm: Path, values: dict[str, Any], release: str = "demo") -> list[dict[str, Any]]:
    command = [str(helm), "template", release, str(_CHART), "--values", "-"]
    done = subprocess.run(command, input=fast_yaml.dump(values), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [each for each in fast_yaml.load_all(done.stdout) if each]


def of_part(helm: Path, part: Part, **given: Any) -> dict[str, dict[str, Any]]:
    """The objects of a chart with this part alone, by kind."""
    names = ctao.stack().names
    values = programs.values("objectstore", names, (part,))
    own = {"image": {"repository": "demo", "tag": "1"}, **given}
    return {each["kind"]: each for each in rendered(helm, values | {part.name: own})}


def of_component(helm: Path, component: str) -> list[dict[str, Any]]:
    plan = make_plan("ctao", ctao.stack(components=ctao.EVERYTHING))
    release = plan.release(component)
    return rendered(helm, release.values, release.name)


def pod(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = found["Deployment"]["spec"]["template"]["spec"]
    return made


def test_a_part_is_a_deployment_with_its_service(helm: Path) -> None:
    part = Part("server", ports={"https": 443}, variables={"A": "1", "B": Key("demo", "b")})
    found = of_part(helm, part, replicaCount=2)
    assert set(found) == {"Deployment", "Service"}
    assert found["Service"]["spec"]["ports"] == [
        {"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"}
    ]
    assert found["Deployment"]["spec"]["replicas"] == 2
    (container,) = pod(found)["containers"]
    assert container["env"] == [
        {"name": "A", "value": "1"},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "ctao-secrets-demo", "key": "b"}}},
    ]


def test_a_part_is_started_anew_where_it_is_not_alive(helm: Path) -> None:
    alive = programs.patient(programs.tcp("https"))
    (container,) = pod(of_part(helm, Part("server", ports={"https": 443}, alive=alive)))["containers"]
    probe = container["livenessProbe"]
    assert probe["tcpSocket"] == {"port": "https"}
    assert probe["periodSeconds"] * probe["failureThreshold"] == 300
    assert "readinessProbe" not in container


def test_two_pods_never_write_to_one_volume(helm: Path) -> None:
    found = of_part(helm, Part("server", data=Data("/data", "5Gi")), persistentvolume={"class": "fast"})
    assert found["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    spec = found["PersistentVolumeClaim"]["spec"]
    assert (spec["storageClassName"], spec["resources"]["requests"]["storage"]) == ("fast", "5Gi")
    given = {"existingClaim": "kept"}
    found = of_part(helm, Part("server", data=Data("/data", "5Gi")), persistentvolume=given)
    assert "PersistentVolumeClaim" not in found
    assert pod(found)["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "kept"}}]


def test_a_changed_file_replaces_the_pods_at_once(helm: Path) -> None:
    """C6: upstream's charts look the last configuration up in the cluster, so that pods follow one change late."""

    def annotations(text: str) -> Any:
        found = of_part(helm, Part("server", files={"/etc/demo/demo.cfg": text}))
        assert found["ConfigMap"]["data"] == {"demo.cfg": text}
        return found["Deployment"]["spec"]["template"]["metadata"]["annotations"]

    assert annotations("a") == annotations("a")
    assert annotations("a") != annotations("b")


def test_files_of_secrets_have_their_modes(helm: Path) -> None:
    part = Part(
        "server",
        secrets={
            "/etc/cert.pem": Mount("demo-certs", "hostcert.pem", EVERYBODY),
            "/etc/chain.pem": Mount("demo-certs", "chain.pem", EVERYBODY),
            "/etc/key.pem": Mount("demo-certs", "hostkey.pem"),
        },
    )
    spec = pod(of_part(helm, part))
    assert [each["secret"]["defaultMode"] for each in spec["volumes"]] == [0o444, 0o400]
    assert {each["subPath"] for each in spec["containers"][0]["volumeMounts"]} == {
        "hostcert.pem",
        "chain.pem",
        "hostkey.pem",
    }


def test_two_files_of_one_name_are_refused() -> None:
    part = Part("server", files={"/a/x.cfg": "", "/b/x.cfg": ""})
    with pytest.raises(ValueError, match="two files have one name"):
        programs.values("objectstore", ctao.stack().names, (part,))


@pytest.mark.parametrize("component", _OWN)
def test_no_pod_may_ask_kubernetes(helm: Path, component: str) -> None:
    """C43, C44: upstream's pods may change Deployments, and run commands in every other pod."""
    found = of_component(helm, component)
    pods = [each["spec"]["template"]["spec"] for each in found if each["kind"] == "Deployment"]
    assert pods
    assert [
        each for each in pods if each["automountServiceAccountToken"] or "serviceAccountName" in each
    ] == []
    assert {each["kind"] for each in found} <= {
        "ConfigMap",
        "Deployment",
        "Ingress",
        "PersistentVolumeClaim",
        "Service",
    }


@pytest.mark.parametrize("component", _OWN)
def test_no_service_opens_a_port_of_every_node(helm: Path, component: str) -> None:
    """C45: upstream's charts have 25 Services of type NodePort and no other type."""
    services = [each for each in of_component(helm, component) if each["kind"] == "Service"]
    assert {each["spec"]["type"] for each in services} <= {"ClusterIP"}


@pytest.mark.parametrize("component", _OWN)
def test_nothing_waits_for_a_job_of_the_same_release(helm: Path, component: str) -> None:
    """C6, C7, C26: no hook, no Job with the number of a revision or a random name, no loop without an end."""
    for each in of_component(helm, component):
        assert "helm.sh/hook" not in str(each["metadata"].get("annotations"))
        assert each["kind"] != "Job"
        assert "initContainers" not in str(each)


@pytest.mark.parametrize("component", _OWN)
def test_each_part_listens_where_the_catalog_says(helm: Path, component: str) -> None:
    spec = COMPONENTS[component]
    assert shipped_chart(spec).endswith("/programs")
    services = {
        each["metadata"]["name"]: each for each in of_component(helm, component) if each["kind"] == "Service"
    }
    names = ctao.stack().names
    expected = {names.workload(component, sub.name): sub.ports for sub in spec.sub_components if sub.ports}
    found = {name: tuple(port["port"] for port in each["spec"]["ports"]) for name, each in services.items()}
    assert {name: sorted(ports) for name, ports in found.items()} == {
        name: sorted(ports) for name, ports in expected.items() if name in found
    }
    assert found
