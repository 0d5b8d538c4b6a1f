"""What the API server itself allows a user: by SubjectAccessReviews, and by requests of that user."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesClient
from panda_infra.clients.kubernetes.kubeconfig import STATE
from testbed.api import Api
from testbed.bed import Bed
from testbed.pki import Authority
from tests.support import fast_yaml

__all__ = ["Action", "allowed", "as_user", "client_of", "every_action", "kubeconfig_of"]

# Those of the API, and those that only authorization knows.
_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
_SPECIAL = ("approve", "attest", "bind", "escalate", "impersonate", "proxy", "sign", "use", "*")
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_AT_ONCE = 6


@dataclass(frozen=True, order=True)
class Action:
    """A verb on a resource of a group, in a namespace or, if that is empty, in the whole cluster."""

    group: str
    resource: str
    verb: str
    namespace: str = ""
    offered: bool = True

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}.{self.group or 'core'} in {self.namespace or 'the cluster'}"


def every_action(client: KubernetesClient, namespaces: Iterable[str]) -> Iterator[Action]:
    """Every verb on every resource that the API server serves; ``offered`` are those that it lists itself.

    One request of no kind of the API, such as ``*`` on ``*``, is there for each namespace too.
    """
    for namespace in namespaces:
        for group, resource, namespaced, verbs in _resources(client):
            if namespace and not namespaced and resource.partition("/")[0] != "namespaces":
                continue
            for verb in (*_VERBS, *_SPECIAL):
                yield Action(group, resource, verb, namespace, verb in verbs)
        yield Action("*", "*", "*", namespace, offered=False)


def allowed(
    client: KubernetesClient, actions: Iterable[Action], user: str, groups: Iterable[str] = ()
) -> set[Action]:
    """The actions that the API server would allow a user, who is logged in as all users are."""
    every = list(actions)
    judge = partial(_is_allowed, client, user, ("system:authenticated", *groups))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return {action for action, may in zip(every, pool.map(judge, every), strict=True) if may}


def _is_allowed(client: KubernetesClient, user: str, groups: Iterable[str], action: Action) -> bool:
    resource, _, sub = action.resource.partition("/")
    attributes = {"group": action.group, "resource": resource, "subresource": sub, "verb": action.verb}
    # The API server asks about a namespace itself as if it lay inside of it.
    name = {"name": action.namespace} if resource == "namespaces" else {}
    asked = attributes | {"namespace": action.namespace} | name
    spec: dict[str, Any] = {"user": user, "groups": list(groups), "resourceAttributes": asked}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    status = client.call("POST", _REVIEWS, body=body)["status"]
    assert not status.get("evaluationError"), status
    return bool(status["allowed"])


def _resources(client: KubernetesClient) -> Iterator[tuple[str, str, bool, frozenset[str]]]:
    groups = client.call("GET", "/apis")["groups"]
    roots = ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)]
    for root in roots:
        group = "" if root == "/api/v1" else root.split("/")[2]
        for found in client.call("GET", root)["resources"]:
            yield group, found["name"], found["namespaced"], frozenset(found["verbs"])


def as_user(bed: Bed, user: str, group: str | None = None) -> Api:
    """The API for a user who logs in with a certificate of the bed's authority."""
    return Api(kubeconfig_of(bed, user, group))


def kubeconfig_of(bed: Bed, user: str, group: str | None = None) -> Path:
    """The kubeconfig of such a user."""
    document = fast_yaml.load(bed.kubeconfig.read_text())
    pair = Authority.of(bed.state / "pki" / "ca").client(user, group)
    login = {"client-certificate-data": pair.certificate, "client-key-data": pair.key}
    document["users"][0]["user"] = {key: b64encode(value).decode() for key, value in login.items()}
    file = bed.state / f"kubeconfig-of-{user}"
    file.write_text(fast_yaml.dump(document))
    return file


def client_of(bed: Bed) -> KubernetesClient:
    """The administrator's client."""
    return KubernetesClient(STATE.target(bed.kubeconfig.read_text()))
