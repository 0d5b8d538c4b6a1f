"""Every stack as the charts render it: whatever would keep a pod from starting, or lose data, shows here."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from panda_infra.config.quantities import amount
from panda_infra.plan.capacity import Requests, node_sizes, workloads
from panda_infra.plan.data import keeps_claims
from panda_infra.plan.summary import summary
from panda_infra.products.panda.cric import asked
from testbed.references import Existing, unresolved
from tests.support import fast_yaml
from tests.unit.stacks.rendered import Object, Rendered, Workload

_URL_HOST = re.compile(r"\w+://(?:[^\s/@\"']*@)?([A-Za-z0-9][A-Za-z0-9.-]*)(?::(\d+))?")
_HOST_PORT = re.compile(r"(?<![\w./-])([a-z][a-z0-9.-]*[a-z0-9]):(\d{2,5})(?![\w.])")
# PANDA_VERIFY_HOST is a switch.
_HOST_KEY = re.compile(r"(?<!VERIFY)_HOST$")
_SWITCHES_USER = re.compile(r"\b(runuser|sudo|gosu|su)\b")
# Sub-charts whose noRoot changes nothing: JEDI follows the server's environment, the backup its image.
_NO_ROOT_UNUSED = frozenset({("panda", "jedi"), ("iam-db", "backup")})
# Services of everybody that PanDA's configuration names by itself.
_OUTSIDE = frozenset({"localhost", "cilogon.org", "www.w3.org"})


def pods(rendered: Rendered) -> Iterator[Object]:
    """A pod of each workload, its per-replica claims as the StatefulSet controller adds them."""
    for workload in rendered.workloads():
        templates = workload.body["spec"].get("volumeClaimTemplates") or ()
        own = [{"name": template["metadata"]["name"], "emptyDir": {}} for template in templates]
        spec = {**workload.pod, "volumes": [*(workload.pod.get("volumes") or ()), *own]}
        spec.pop("serviceAccountName", None)
        yield {"metadata": {"name": workload.name}, "spec": spec}


def named(name: str, **content: Any) -> Object:
    return {"metadata": {"name": name}, **content}


def test_every_reference_of_a_pod_resolves(rendered: Rendered) -> None:
    secrets = [
        named(rendered.plan.names.secret(suffix), data=dict(secret.data))
        for suffix, secret in rendered.secrets.items()
    ]
    maps = [
        named(m["metadata"]["name"], data=m.get("data"), binaryData=m.get("binaryData"))
        for m in rendered.of_kind("ConfigMap")
    ]
    claims = [named(claim, status={"phase": "Bound"}) for claim in rendered.claims()]
    assert unresolved(pods(rendered), Existing.of(secrets, maps, claims, [])) == []


def backends(rendered: Rendered) -> Iterator[tuple[str, str, int | str]]:
    """Where each Ingress and Route leads: its name, a Service and a port."""
    for ingress in rendered.of_kind("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                service = path["backend"]["service"]
                yield ingress["metadata"]["name"], service["name"], service["port"]["number"]
    for route in rendered.of_kind("Route"):
        yield route["metadata"]["name"], route["spec"]["to"]["name"], route["spec"]["port"]["targetPort"]


def test_every_ingress_and_route_leads_to_a_service(rendered: Rendered) -> None:
    services = {
        service["metadata"]["name"]: service["spec"]["ports"] for service in rendered.of_kind("Service")
    }
    for name, service, port in backends(rendered):
        assert service in services, f"{name} leads to {service}"
        known = {value for entry in services[service] for value in (entry["port"], entry.get("name"))}
        assert port in known, f"{name} leads to port {port} of {service}"


def test_every_ingress_finds_its_certificate(rendered: Rendered) -> None:
    secrets = set(map(rendered.plan.names.secret, rendered.secrets))
    for ingress in rendered.of_kind("Ingress"):
        assert {tls["secretName"] for tls in ingress["spec"].get("tls") or ()} <= secrets


def test_exactly_the_stacks_hosts_are_exposed_t33(rendered: Rendered) -> None:
    exposed = {rule["host"] for ingress in rendered.of_kind("Ingress") for rule in ingress["spec"]["rules"]}
    exposed |= {route["spec"]["host"].removeprefix("http-") for route in rendered.of_kind("Route")}
    assert exposed == set(rendered.plan.hosts.values())


def hosts(text: str) -> Iterator[tuple[str, int | None]]:
    for pattern in (_URL_HOST, _HOST_PORT):
        for host, port in pattern.findall(text):
            yield host, int(port) if port else None


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def outside(rendered: Rendered) -> set[str]:
    """The hosts that the stack itself names, its CRIC, and those that every stack may."""
    config = rendered.plan.config
    said = list(texts(config.model_dump()))
    urls = asked(config)
    said += texts(urls.model_dump() if urls else None)
    return {host for text in said for host in (text, *(name for name, _ in hosts(text)))} | _OUTSIDE


def test_every_host_in_every_secret_exists(rendered: Rendered) -> None:
    services, elsewhere = rendered.services(), outside(rendered)
    for suffix, secret in rendered.secrets.items():
        if suffix.endswith("-certs"):
            continue
        for key, value in secret.data.items():
            text = value.decode(errors="replace")
            found = list(hosts(text)) + ([(text, None)] if _HOST_KEY.search(key) and text else [])
            for host, port in found:
                assert host in services or host in elsewhere, f"{suffix} {key}: {host}"
                assert port is None or host not in services or port in services[host], (
                    f"{suffix} {key}: {port}"
                )


def requests(container: Object) -> Requests:
    resources = container.get("resources") or {}
    given = (resources.get("limits") or {}) | (resources.get("requests") or {})
    return Requests(amount(str(given.get("cpu", 0))), amount(str(given.get("memory", 0))))


def test_pods_reserve_what_the_plan_says_and_fit_a_node_t41(rendered: Rendered) -> None:
    planned = {(each.component, each.spec.name): each for each in workloads(rendered.plan)}
    sizes = [flavor for _, flavor, _ in node_sizes(rendered.plan.config.cluster)]
    for workload in rendered.workloads():
        expected = planned[workload.component, workload.sub_component]
        [container] = workload.containers
        assert requests(container) == expected.requests, workload.name
        assert workload.replicas == expected.pods, workload.name
        assert not sizes or any(expected.requests.fit(size) for size in sizes), workload.name


def refused(workload: Workload) -> Iterator[str]:
    """What OpenShift's restricted policy refuses, or a user that it chose could not do."""
    pod = workload.pod
    yield from (field for field in ("hostNetwork", "hostPID", "hostIPC") if pod.get(field))
    yield from (f"hostPath {volume['name']}" for volume in pod.get("volumes") or () if "hostPath" in volume)
    for owner in (pod, *workload.containers):
        context = owner.get("securityContext") or {}
        yield from (field for field in ("privileged", "allowPrivilegeEscalation") if context.get(field))
        yield from (field for field in ("runAsUser", "fsGroup", "supplementalGroups") if field in context)
        yield from (context.get("capabilities") or {}).get("add") or ()
        if context.get("runAsNonRoot") is False:
            yield "runAsNonRoot: false"
    for container in workload.containers:
        for port in container.get("ports") or ():
            if "hostPort" in port or port["containerPort"] < 1024:
                yield f"port {port}"
        for text in texts([container.get("command"), container.get("args")]):
            yield from _SWITCHES_USER.findall(text)


def reported_no_root(rendered: Rendered) -> set[tuple[str, str]]:
    """The sub-charts that shall keep the user that they are given."""
    return {
        (release.component, sub)
        for release in rendered.plan.releases
        for sub, below in release.values.items()
        if isinstance(below, Mapping) and below.get("noRoot")
    }


def test_pods_run_without_root_where_the_cluster_forbids_it(rendered: Rendered) -> None:
    cluster = rendered.plan.config.cluster
    if cluster.kind != "existing" or not cluster.no_root:
        assert reported_no_root(rendered) == set()
        return
    able = {
        (release.component, sub.parent.name)
        for release in rendered.plan.releases
        for sub in (rendered.charts / release.chart.name).glob("charts/*/values.yaml")
        if "noRoot" in fast_yaml.load(sub.read_text())
    }
    assert reported_no_root(rendered) == able - _NO_ROOT_UNUSED
    for workload in rendered.workloads():
        assert list(refused(workload)) == [], workload.name


def images(rendered: Rendered) -> Iterator[tuple[str, str]]:
    for workload in rendered.workloads():
        yield from ((workload.name, container["image"]) for container in workload.containers)
    for job in rendered.of_kind("CronJob"):
        template = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        yield from ((job["metadata"]["name"], container["image"]) for container in template["containers"])


def test_no_image_moves_t40(rendered: Rendered) -> None:
    for name, image in images(rendered):
        tag = image.rpartition("/")[2].partition(":")[2]
        assert tag, f"{name} runs {image} without a tag"
        assert tag not in ("latest", "master", "main"), f"{name} runs {image}"


def test_the_stacks_page_names_what_runs(rendered: Rendered) -> None:
    page = summary(rendered.plan)
    for workload in rendered.workloads():
        [container] = workload.containers
        name = f"{workload.component} {workload.sub_component}"
        row = f"| {name} | {workload.body['kind']} | {workload.replicas} | {container['image']} "
        assert row in page, name


def test_no_single_writer_runs_twice_while_it_is_rolled(rendered: Rendered) -> None:
    for workload in rendered.workloads():
        if workload.body["kind"] == "Deployment" and workload.claims() and workload.replicas == 1:
            strategy = workload.body["spec"].get("strategy") or {}
            surge = (strategy.get("rollingUpdate") or {}).get("maxSurge")
            assert strategy.get("type") == "Recreate" or surge in (0, "0", "0%"), workload.name


def test_claims_with_data_outlive_their_release(rendered: Rendered) -> None:
    for release in rendered.plan.releases:
        for item in rendered.releases[release.component]:
            annotations = item["metadata"].get("annotations") or {}
            written = (
                item["kind"] == "PersistentVolumeClaim" and "ReadWriteMany" in item["spec"]["accessModes"]
            )
            kept = written and keeps_claims(rendered.plan, release)
            assert (annotations.get("helm.sh/resource-policy") == "keep") is kept, item["metadata"]["name"]


def test_no_claim_is_two_volumes_of_one_pod(rendered: Rendered) -> None:
    for workload in rendered.workloads():
        twice = [claim for claim, count in Counter(workload.claims()).items() if count > 1]
        assert twice == [], f"{workload.name} mounts {twice} twice"


def test_a_claim_of_several_pods_can_be_mounted_by_many(rendered: Rendered) -> None:
    users: dict[str, list[Workload]] = defaultdict(list)
    for workload in rendered.workloads():
        for claim in workload.claims():
            users[claim].append(workload)
    for claim, by in users.items():
        if sum(workload.replicas for workload in by) > 1:
            modes = rendered.claims()[claim]["accessModes"]
            assert {"ReadWriteMany", "ReadOnlyMany"} & set(modes), (
                f"{claim} of {[w.name for w in by]} is {modes}"
            )


def test_databases_share_a_claim_only_in_folders_of_their_own(rendered: Rendered) -> None:
    folders: Counter[tuple[str, str]] = Counter()
    for workload in rendered.workloads():
        volumes = {
            volume["name"]: volume["persistentVolumeClaim"]["claimName"]
            for volume in workload.pod.get("volumes") or ()
            if "persistentVolumeClaim" in volume
        }
        mounts = [mount for container in workload.containers for mount in container.get("volumeMounts") or ()]
        folders.update({(volumes[m["name"]], m.get("subPath", "")) for m in mounts if m["name"] in volumes})
    shared = [place for place, count in folders.items() if count > 1 and "cvmfs" not in place[0]]
    assert shared == []


def contradictions(ours: Any, charts: Any, path: str) -> Iterator[str]:
    if isinstance(charts, bool):
        if not isinstance(ours, bool | None):
            yield f"{path}: {ours!r} where the chart has {charts!r}"
    elif isinstance(ours, Mapping) and isinstance(charts, Mapping):
        for key in ours.keys() & charts.keys():
            yield from contradictions(ours[key], charts[key], f"{path}.{key}")


def test_no_string_stands_where_a_boolean_is_meant(rendered: Rendered) -> None:
    for release in rendered.plan.releases:
        chart = rendered.charts / release.chart.name
        defaults = fast_yaml.load((chart / "values.yaml").read_text())
        assert list(contradictions(release.values, defaults, release.component)) == []
        for sub in chart.glob("charts/*/values.yaml"):
            name = sub.parent.name
            own = release.values.get(name, {})
            assert (
                list(contradictions(own, fast_yaml.load(sub.read_text()), f"{release.component}.{name}"))
                == []
            )


def test_annotations_labels_and_variables_are_texts(rendered: Rendered) -> None:
    for objects in rendered.releases.values():
        for item in objects:
            for kind in ("annotations", "labels"):
                assert not [v for v in (item["metadata"].get(kind) or {}).values() if not isinstance(v, str)]
    for workload in rendered.workloads():
        for container in workload.containers:
            values = [entry.get("value", "") for entry in container.get("env") or ()]
            assert not [value for value in values if not isinstance(value, str)], workload.name
