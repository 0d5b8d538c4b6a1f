"""Finds references of pods to missing objects, which a kubelet would refuse.

The simulated kubelets mount nothing and set no environment, so a pod becomes Ready even if its Secret, key, claim or
mounted path is missing, and the pod of a Job ends at once. The checker resolves every reference in plain API objects
as a kubelet does; for Jobs and CronJobs it checks their pod templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from testbed.api import Api, Object

if TYPE_CHECKING:
    from testbed.bed import Bed

Key = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, order=True)
class Missing:
    """A broken reference: ``referrer`` is the place in the pod, ``what`` the missing object.

    ``pod`` is ``Job NAME`` or ``CronJob NAME`` for a reference in their template.
    """

    namespace: str
    pod: str
    referrer: str
    what: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.pod}: {self.referrer}: {self.what}"


@dataclass(frozen=True)
class Existing:
    """The objects that references can point to; of Secrets only the names of their keys."""

    secrets: Mapping[Key, Set[str]]
    config_maps: Mapping[Key, Set[str]]
    claims: Mapping[Key, str]
    """Each claim's phase."""
    accounts: Set[Key]

    @classmethod
    def of(
        cls,
        secrets: Iterable[Object],
        config_maps: Iterable[Object],
        claims: Iterable[Object],
        accounts: Iterable[Object],
    ) -> Existing:
        """The existing objects from API objects."""
        return cls(
            secrets={_key(item): frozenset(item.get("data") or ()) for item in secrets},
            config_maps={
                _key(item): frozenset(item.get("data") or ()) | frozenset(item.get("binaryData") or ())
                for item in config_maps
            },
            claims={_key(item): item.get("status", {}).get("phase", "Pending") for item in claims},
            accounts=frozenset(map(_key, accounts)),
        )


def check(bed: Bed, namespace: str | None = None) -> list[Missing]:
    """Every broken reference of every pod of the bed, or of one namespace."""
    api = Api(bed.kubeconfig)
    scope = f"namespaces/{namespace}/" if namespace else ""
    core = ("secrets", "configmaps", "persistentvolumeclaims", "serviceaccounts")
    collections = [f"/api/v1/{scope}{kind}" for kind in ("pods", *core)]
    collections += [f"/apis/batch/v1/{scope}{kind}" for kind in ("jobs", "cronjobs")]
    with ThreadPoolExecutor(max_workers=len(collections)) as pool:
        pods, *targets, jobs, cron_jobs = pool.map(api.list, collections)
    existing = Existing.of(*targets)
    return sorted([*unresolved(pods, existing), *unresolved_by_jobs(jobs, cron_jobs, existing)])


def unresolved(pods: Iterable[Object], existing: Existing) -> list[Missing]:
    """The sorted broken references of ``pods``, except those that have ended or are ending."""
    return sorted({missing for pod in pods if _is_live(pod) for missing in _Pod(pod, existing).missing()})


def unresolved_by_jobs(
    jobs: Iterable[Object], cron_jobs: Iterable[Object], existing: Existing
) -> list[Missing]:
    """The sorted broken references in the pod templates of ``jobs`` and ``cron_jobs``.

    Jobs of a CronJob are skipped, because they may be of an earlier release.
    """
    own = [job for job in jobs if not job["metadata"].get("ownerReferences")]
    templates = [(f"Job {job['metadata']['name']}", job, job["spec"]["template"]) for job in own]
    templates += [
        (f"CronJob {job['metadata']['name']}", job, job["spec"]["jobTemplate"]["spec"]["template"])
        for job in cron_jobs
    ]
    return sorted(
        {
            missing
            for name, job, template in templates
            if "deletionTimestamp" not in job["metadata"]
            for missing in _Template(job["metadata"]["namespace"], name, template["spec"], existing).missing()
        }
    )


def _is_live(pod: Object) -> bool:
    ended = pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}
    return not ended and "deletionTimestamp" not in pod["metadata"]


def _key(item: Object) -> Key:
    metadata = item["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class _Template:
    """Walks through a pod's specification; its generators yield ``(referrer, missing object)``."""

    def __init__(self, namespace: str, name: str, spec: Object, existing: Existing) -> None:
        self._namespace, self._name, self._spec, self._existing = namespace, name, spec, existing

    def missing(self) -> Iterator[Missing]:
        """Everything that is missing."""
        for walk in (self._account, self._environment, self._volumes, self._mounts):
            for referrer, what in walk():
                yield Missing(self._namespace, self._name, referrer, what)

    def _account(self) -> Iterator[tuple[str, str]]:
        account = self._spec.get("serviceAccountName")
        if account and (self._namespace, account) not in self._existing.accounts:
            yield "serviceAccountName", f"ServiceAccount {account} does not exist"
        for reference in self._spec.get("imagePullSecrets") or ():
            yield from self._object("imagePullSecrets", "Secret", reference)

    def _environment(self) -> Iterator[tuple[str, str]]:
        for container in self._containers():
            where = f"container {container['name']}"
            for variable in container.get("env") or ():
                source = variable.get("valueFrom") or {}
                for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                    if reference := source.get(field):
                        yield from self._object(
                            f"{where}, env {variable['name']}", kind, reference, [reference["key"]]
                        )
            for source in container.get("envFrom") or ():
                for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                    if reference := source.get(field):
                        yield from self._object(f"{where}, envFrom", kind, reference)

    def _volumes(self) -> Iterator[tuple[str, str]]:
        for volume in self._spec.get("volumes") or ():
            where = f"volume {volume['name']}"
            for kind, source in _sources(volume):
                keys = [item["key"] for item in source.get("items") or ()]
                yield from self._object(where, kind, source, keys)
            if claim := volume.get("persistentVolumeClaim"):
                yield from self._claim(where, claim["claimName"])

    def _claim(self, where: str, name: str) -> Iterator[tuple[str, str]]:
        if (self._namespace, name) not in self._existing.claims:
            yield where, f"PersistentVolumeClaim {name} does not exist"

    def _mounts(self) -> Iterator[tuple[str, str]]:
        """Check that a subPath is a path in the volume's Secrets and ConfigMaps."""
        volumes = {volume["name"]: volume for volume in self._spec.get("volumes") or ()}
        for container in self._containers():
            for mount in container.get("volumeMounts") or ():
                wanted = mount.get("subPath")
                paths = self._paths(volumes[mount["name"]]) if wanted else None
                if paths is not None and not any(f"{path}/".startswith(f"{wanted}/") for path in paths):
                    where = f"container {container['name']}, mount {mount['mountPath']}"
                    yield where, f"volume {mount['name']} has no path {wanted}"

    def _paths(self, volume: Object) -> list[str] | None:
        """The files inside a volume; None if they are not known or their source is missing."""
        if not {"secret", "configMap", "projected"} & volume.keys():
            return None
        paths = []
        for source in volume.get("projected", {}).get("sources") or ():
            own = [source.get(field) for field in ("serviceAccountToken", "clusterTrustBundle")]
            own += (source.get("downwardAPI") or {}).get("items") or ()
            paths += [entry["path"] for entry in own if entry]
        for kind, source in _sources(volume):
            content = self._content(kind, source)
            if content is None:
                return None
            paths += [item["path"] for item in source.get("items") or ()] or sorted(content)
        return paths

    def _containers(self) -> Iterator[Object]:
        for field in ("initContainers", "containers", "ephemeralContainers"):
            yield from self._spec.get(field) or ()

    def _object(
        self, referrer: str, kind: str, reference: Object, keys: Iterable[str] = ()
    ) -> Iterator[tuple[str, str]]:
        """The missing object or keys of a Secret or ConfigMap; ``optional`` applies to the object and its keys."""
        if reference.get("optional"):
            return
        content, name = self._content(kind, reference), _target(reference)
        if content is None:
            yield referrer, f"{kind} {name} does not exist"
            return
        for key in keys:
            if key not in content:
                yield referrer, f"{kind} {name} has no key {key}"

    def _content(self, kind: str, reference: Object) -> Set[str] | None:
        table = self._existing.secrets if kind == "Secret" else self._existing.config_maps
        return table.get((self._namespace, _target(reference)))


class _Pod(_Template):
    """A pod, whose claims must be bound; in a template a claim may still wait for its first pod."""

    def __init__(self, pod: Object, existing: Existing) -> None:
        super().__init__(*_key(pod), pod["spec"], existing)

    @override
    def _claim(self, where: str, name: str) -> Iterator[tuple[str, str]]:
        yield from super()._claim(where, name)
        phase = self._existing.claims.get((self._namespace, name), "Bound")
        if phase != "Bound":
            yield where, f"PersistentVolumeClaim {name} is {phase}"


def _sources(volume: Object) -> Iterator[tuple[str, Object]]:
    """The Secrets and ConfigMaps whose keys become files of the volume, with their kind."""
    for source in (volume, *(volume.get("projected", {}).get("sources") or ())):
        for field, kind in (("secret", "Secret"), ("configMap", "ConfigMap")):
            if reference := source.get(field):
                yield kind, reference


def _target(reference: Object) -> str:
    """The name in a reference; a Secret volume uses another field for it."""
    name: str = reference.get("secretName") or reference["name"]
    return name
