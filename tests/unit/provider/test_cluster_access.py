from __future__ import annotations

from datetime import UTC, datetime, timedelta

import grpc
import pytest

from panda_infra.provider.cluster_access import snippet_risk
from panda_infra.provider.wire import UNKNOWN
from tests.support import fast_yaml
from tests.unit.provider.conftest import Engine, bare
from tests.unit.provider.fakes import World
from tests.unit.provider.test_cluster import INPUTS as CLUSTER


@pytest.fixture
def inputs(engine: Engine) -> dict[str, object]:
    _, state, _ = engine.up("Cluster", CLUSTER)
    return {"clusterId": state["clusterId"], "workers": 4}


def test_the_kubeconfig_is_secret_and_leads_into_the_cluster(
    engine: Engine, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("ClusterAccess", inputs)
    kind, text = state["kubeconfig"]
    kubeconfig = fast_yaml.load(text)
    assert kind == "secret"
    assert kubeconfig["clusters"][0]["cluster"]["server"] == state["apiAddress"] == "https://127.0.0.1:6443"
    assert kubeconfig["users"][0]["user"].keys() == {"client-certificate-data", "client-key-data"}
    assert datetime.fromisoformat(state["expires"]) > datetime.now(UTC) + timedelta(days=1800)
    assert engine.diff("ClusterAccess", resource_id, bare(state), checked) == set()


def test_a_preview_without_a_cluster_knows_nothing_yet(engine: Engine) -> None:
    checked = engine.check("ClusterAccess", {"clusterId": UNKNOWN, "workers": 4})
    _, state = engine.create("ClusterAccess", checked, preview=True)
    assert state["kubeconfig"] == ("secret", UNKNOWN)


def test_it_waits_for_the_api_the_nodes_and_the_add_ons(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    world.silent_polls = 2
    slow = next(name for name in world.nodes if "-node-" in name)
    world.node(slow, ready=False)
    server = world.nodes[slow].server
    world.servers[server] = world.servers[server].__class__(server, slow, "BUILD")
    checked = engine.check("ClusterAccess", {**inputs, "configMaps": ["kube-system/ingress"]})
    seen: list[str] = []

    def status(text: str) -> None:
        seen.append(text)
        if "ACTIVE" in text:
            world.servers[server] = world.servers[server].__class__(server, slow, "ACTIVE")
        elif "Ready" in text:
            world.node(slow, ready=True)
        elif "add-ons" in text:
            world.config_maps.add("kube-system/ingress")

    engine.reported.status = status  # type: ignore[method-assign]
    engine.create("ClusterAccess", checked)
    for text in ("ACTIVE", "does not answer", "not Ready", "kube-system/ingress"):
        assert any(text in reported for reported in seen), text


def test_too_few_nodes_are_reported(engine: Engine, world: World, inputs: dict[str, object]) -> None:
    world.remove_node(next(name for name in world.nodes if "-node-" in name))
    with pytest.raises(grpc.RpcError, match="3 of 4 workers have joined"):
        engine.create("ClusterAccess", engine.check("ClusterAccess", inputs), timeout=0.05)


def test_a_server_in_error_is_reported_at_once(engine: Engine, world: World) -> None:
    world.broken_server = "-node-2"
    _, state, _ = engine.up("Cluster", CLUSTER)
    with pytest.raises(grpc.RpcError, match=r"-node-2 \(No valid host\)"):
        engine.up("ClusterAccess", {"clusterId": state["clusterId"], "workers": 4})


def test_a_certificate_is_renewed_in_place_before_it_ends(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    world.certificate_life = timedelta(days=29)
    resource_id, state, checked = engine.up("ClusterAccess", inputs)
    world.certificate_life = timedelta(days=365)
    assert engine.diff("ClusterAccess", resource_id, bare(state), checked) == {"kubeconfig"}
    assert engine.replaces == set()
    renewed = engine.update("ClusterAccess", resource_id, bare(state), checked)
    assert renewed["kubeconfig"] != state["kubeconfig"]
    assert engine.diff("ClusterAccess", resource_id, bare(renewed), checked) == set()


def test_a_rotated_authority_makes_a_new_kubeconfig(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("ClusterAccess", inputs)
    world.authority_generation += 1
    again = engine.check("ClusterAccess", inputs, checked)
    assert engine.diff("ClusterAccess", resource_id, bare(state), again) == {"authority", "kubeconfig"}
    assert engine.replaces == set()
    _, refreshed, found = engine.read("ClusterAccess", resource_id, bare(state))
    assert found["authority"] == again["authority"]
    assert engine.diff("ClusterAccess", resource_id, bare(refreshed), again) == {"kubeconfig"}
    renewed = engine.update("ClusterAccess", resource_id, bare(state), again)
    assert engine.diff("ClusterAccess", resource_id, bare(renewed), again) == set()


def test_a_preview_has_a_way_in_even_when_the_old_one_has_ended(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("ClusterAccess", inputs)
    planned = engine.update("ClusterAccess", resource_id, bare(state), checked, preview=True)
    assert planned["kubeconfig"] == state["kubeconfig"]
    ended = state | {"expires": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    planned = engine.update("ClusterAccess", resource_id, bare(ended), checked, preview=True)
    assert planned["kubeconfig"][0] == "secret"
    assert planned["kubeconfig"] != state["kubeconfig"]
    assert world.admin is False


def test_a_credential_that_ends_too_soon_to_be_kept_is_reported(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    world.certificate_life = timedelta(days=29)
    engine.up("ClusterAccess", inputs)
    assert any("every `pulumi up` will renew it" in text for text in engine.reported.warnings)


def test_a_short_lived_token_instead_of_a_certificate(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    resource_id, state, checked = engine.up("ClusterAccess", {**inputs, "tokenHours": 8})
    assert fast_yaml.load(state["kubeconfig"][1])["users"][0]["user"] == {"token": "token-1"}
    assert engine.diff("ClusterAccess", resource_id, bare(state), checked) == set()
    soon = state | {"expires": (datetime.now(UTC) + timedelta(hours=3)).isoformat()}
    assert engine.diff("ClusterAccess", resource_id, bare(soon), checked) == {"kubeconfig"}
    engine.delete("ClusterAccess", resource_id, bare(state))
    assert not world.admin


def test_growing_the_cluster_keeps_the_credential(engine: Engine, inputs: dict[str, object]) -> None:
    resource_id, state, _ = engine.up("ClusterAccess", inputs)
    cluster_id = str(inputs["clusterId"])
    engine.update(
        "Cluster", "panda-doma-k8s", engine.read("Cluster", cluster_id)[1], CLUSTER | {"nodeCount": 6}
    )
    checked = engine.check("ClusterAccess", {**inputs, "workers": 6}, inputs)
    assert engine.diff("ClusterAccess", resource_id, bare(state), checked) == {"workers"}
    assert (
        engine.update("ClusterAccess", resource_id, bare(state), checked)["kubeconfig"] == state["kubeconfig"]
    )


def test_it_goes_with_its_cluster(engine: Engine, world: World, inputs: dict[str, object]) -> None:
    resource_id, state, _ = engine.up("ClusterAccess", inputs)
    world.clusters.clear()
    assert engine.read("ClusterAccess", resource_id, bare(state))[0] == ""
    engine.delete("ClusterAccess", resource_id, bare(state))


def test_a_controller_that_wants_snippets_allowed_by_their_risk_is_noticed(
    engine: Engine, world: World, inputs: dict[str, object]
) -> None:
    controller = "kube-system/cern-magnum-ingress-nginx-controller"
    world.images[controller] = ["registry.k8s.io/ingress-nginx/controller:v1.9.4"]
    resource_id, state, checked = engine.up("ClusterAccess", inputs)
    of_former_times = {key: value for key, value in bare(state).items() if key != "snippetRisk"}
    assert engine.diff("ClusterAccess", resource_id, of_former_times, checked) == set()
    world.images[controller] = ["registry.k8s.io/ingress-nginx/controller:v1.12.1"]
    again = engine.check("ClusterAccess", inputs, checked)
    assert engine.diff("ClusterAccess", resource_id, bare(state), again) == {"snippetRisk"}
    assert engine.update("ClusterAccess", resource_id, bare(state), again)["snippetRisk"] == "Critical"


@pytest.mark.parametrize(
    ("image", "risk"),
    [
        ("registry.k8s.io/ingress-nginx/controller:v1.11.5", ""),
        ("registry.k8s.io/ingress-nginx/controller:v1.12.0", "Critical"),
        ("registry.cern.ch/magnum/ingress-nginx/controller:v1.9.4@sha256:1234", ""),
        ("registry.cern.ch:443/ingress-nginx/controller-chroot:v1.13.1@sha256:1234", "Critical"),
        ("quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.49.3", ""),
        ("registry.k8s.io/ingress-nginx/controller@sha256:1234", ""),
        ("docker.io/library/traefik:v3.1.2", ""),
        ("busybox", ""),
    ],
)
def test_from_1_12_on_the_controller_wants_snippets_to_be_allowed_by_their_risk(
    image: str, risk: str
) -> None:
    assert snippet_risk([image, "registry.cern.ch/magnum/helper:v1.99.0"]) == risk
