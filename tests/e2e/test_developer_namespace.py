"""A developer's namespace beside its parent's: up, up again with no change, its owner's rights, down with nothing left.

The tests of this module follow one stack through its life, in the order of the file. Nothing reads the program's own
Roles: the API server is asked, and gets requests of the owner, who logs in with a certificate.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import Result

from testbed import charts, leftovers, stacks
from testbed.api import Api, ApiError, Object
from testbed.bed import Bed
from testbed.command_lines import watched_arguments
from testbed.workspace import Workspace
from tests.support import canaries, fast_yaml, rights
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.pages import Command

pytestmark = pytest.mark.e2e

_STACK = _NAMESPACE = "dev-alice"
_CORE = f"/api/v1/namespaces/{_NAMESPACE}"
_INGRESSES = f"/apis/networking.k8s.io/v1/namespaces/{_NAMESPACE}/ingresses"
_COPIED = "iam.databasePassword"

# What keeps the namespace apart, what only the cluster writes, and what is nobody's in a namespace.
_WITHHELD = {
    "bindings": "the scheduler chooses nodes",
    "csistoragecapacities": "of the storage driver",
    "endpoints": "they could lead to pods of others",
    "endpointslices": "they could lead to pods of others",
    "limitranges": "keeps the namespace apart",
    "namespaces": "its labels keep it apart",
    "networkpolicies": "keeps the namespace apart",
    "resourceclaims": "devices of nodes are shared",
    "resourceclaimtemplates": "devices of nodes are shared",
    "resourcequotas": "keeps the namespace apart",
    "rolebindings": "keeps the namespace apart",
    "roles": "keeps the namespace apart",
}
_OF_THE_CLUSTER = ("status", "binding", "finalize")


@pytest.fixture(scope="module")
def parent(bed: Bed, before: frozenset[str]) -> Workspace:  # noqa: ARG001 - looked at first
    """The local stack, which need not be deployed for its cluster to be shared."""
    return stacks.local(bed, bed.state / "stacks" / "lender")


@pytest.fixture(scope="module")
def admin(bed: Bed) -> Api:
    return Api(bed.kubeconfig)


@pytest.fixture(scope="module")
def owner(bed: Bed) -> Api:
    return rights.as_user(bed, "alice")


_UP = documented(
    "python -m panda_infra dev up alice --from doma --component panda",
    {"doma": "local", "--component panda": "--component iam"},
)


@pytest.fixture(scope="module")
def made(parent: Workspace) -> tuple[Result, set[str]]:
    """The developer's stack when it has come up: what was printed, and the arguments of every process meanwhile."""
    with watched_arguments() as seen:
        done = run(parent, _UP, "--secret", _COPIED, "--json")
    assert done.exit_code == 0, done.output
    return done, seen


def dev(parent: Workspace, *arguments: str) -> Result:
    return run_in(parent.folder, parent.environment(), "dev", *arguments)


def run(parent: Workspace, command: Command, *more: str) -> Result:
    """A command of the page."""
    return run_in(parent.folder, parent.environment(), *command.arguments, *more)


def pods(api: Api) -> list[Object]:
    return api.list(f"{_CORE}/pods")


def test_up_makes_a_stack_of_its_own_and_deploys_it(
    parent: Workspace, admin: Api, made: tuple[Result, set[str]]
) -> None:
    done, seen = made
    reported = json.loads(done.stdout)
    assert (reported["namespace"], reported["owner"], reported["parent"]) == (_NAMESPACE, "alice", "local")
    assert reported["hosts"] == {"iam": "https://alice-iam.localhost"}
    found = pods(admin)
    assert {pod["metadata"]["labels"]["app.kubernetes.io/instance"] for pod in found} == {"iam-alice"}
    # The secret came over without having been shown, and all others are the stack's own.
    theirs = canaries.values(parent.encrypted["panda-infra:secrets"])
    output = done.output + "".join(seen) + (parent.folder / f"Pulumi.{_STACK}.yaml").read_text()
    assert canaries.found_in(output, theirs) == []
    in_cluster = json.dumps(admin.list(f"{_CORE}/secrets"))
    assert canaries.found_in(in_cluster, theirs) == [_COPIED]


def test_up_again_changes_nothing(parent: Workspace, admin: Api) -> None:
    uids = {pod["metadata"]["uid"] for pod in pods(admin)}
    done = dev(parent, "up", "alice")
    assert done.exit_code == 0, done.output
    assert {pod["metadata"]["uid"] for pod in pods(admin)} == uids
    again = parent.pulumi("preview", "--stack", _STACK, "--expect-no-changes", "--refresh")
    assert again.code == 0, again.text


def _judged(bed: Bed, namespaces: list[str], verbs: tuple[str, ...] = ()) -> tuple[set[Any], set[Any]]:
    client = rights.client_of(bed)
    actions = [each for each in rights.every_action(client, namespaces) if not verbs or each.verb in verbs]
    may = rights.allowed(client, actions, "alice")
    outside = {each for each in may if each.namespace != _NAMESPACE}
    beyond = outside - rights.allowed(client, outside, "a-stranger")
    inside = {each for each in actions if each.namespace == _NAMESPACE and each.offered}
    return beyond, inside - may


def test_its_owner_may_nothing_outside_that_a_stranger_may_not(bed: Bed) -> None:
    beyond, _ = _judged(bed, ["default", ""], ("get", "create", "delete", "impersonate", "escalate"))
    assert beyond == set()


def test_its_owner_may_everything_inside_but_what_keeps_it_apart(bed: Bed) -> None:
    _, withheld = _judged(bed, [_NAMESPACE])
    assert withheld
    for action in withheld:
        resource, _, part = action.resource.partition("/")
        reads = action.verb in ("get", "list", "watch")
        assert part in _OF_THE_CLUSTER or resource in _WITHHELD, str(action)
        # What keeps it apart can be read.
        assert not (reads and _WITHHELD.get(resource) == "keeps the namespace apart"), str(action)


@pytest.mark.long
@pytest.mark.usefixtures("made")
def test_no_verb_of_any_resource_reaches_outside(bed: Bed, admin: Api) -> None:
    namespaces = [each["metadata"]["name"] for each in admin.list("/api/v1/namespaces")]
    beyond, _ = _judged(bed, [*(each for each in namespaces if each != _NAMESPACE), ""])
    assert beyond == set()


def _pod(**spec: Any) -> Object:
    container = {"name": "main", "image": "busybox", "securityContext": spec.pop("security", {})}
    return {"metadata": {"generateName": "of-alice-"}, "spec": {"containers": [container], **spec}}


def _service(**spec: Any) -> Object:
    return {"metadata": {"generateName": "of-alice-"}, "spec": {"ports": [{"port": 80}], **spec}}


def _claim(**spec: Any) -> Object:
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"generateName": "of-alice-"}, "spec": wanted | spec}


def _ingress(host: str, notes: dict[str, str] | None = None) -> Object:
    backend = {"service": {"name": "iam-alice-main", "port": {"number": 80}}}
    rule = {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    metadata = {"generateName": "of-alice-", "annotations": notes or {}}
    return {"metadata": metadata, "spec": {"ingressClassName": "nginx", "rules": [rule]}}


_RULES = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{_NAMESPACE}"
_ADMIN = {
    "metadata": {"name": "mine"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"}],
}
_SNIPPET = {"nginx.ingress.kubernetes.io/server-snippet": "location /x { }"}
_ESCAPES: dict[str, tuple[str, Object, str]] = {
    "the node's network": (f"{_CORE}/pods", _pod(hostNetwork=True), "violates PodSecurity"),
    "the node's files": (
        f"{_CORE}/pods",
        _pod(volumes=[{"name": "all", "hostPath": {"path": "/"}}]),
        "violates PodSecurity",
    ),
    "a privileged pod": (f"{_CORE}/pods", _pod(security={"privileged": True}), "violates PodSecurity"),
    "a pod before all others": (
        f"{_CORE}/pods",
        _pod(priorityClassName="system-node-critical"),
        "no priority over those of other namespaces",
    ),
    "a pod on a chosen node": (f"{_CORE}/pods", _pod(nodeName="node-0"), "the scheduler chooses the node"),
    "more memory than the quota": (
        f"{_CORE}/pods",
        _pod()
        | {
            "spec": {
                "containers": [{"name": "m", "image": "b", "resources": {"limits": {"memory": "129Gi"}}}]
            }
        },
        "exceeded quota",
    ),
    "a name for what is elsewhere": (
        f"{_CORE}/services",
        _service(type="ExternalName", externalName="panda.default.svc.cluster.local"),
        "leads to pods of this namespace",
    ),
    "an address of others": (
        f"{_CORE}/services",
        _service(externalIPs=["192.0.2.1"]),
        "leads to pods of this namespace",
    ),
    "a port of every node": (
        f"{_CORE}/services",
        _service(type="NodePort"),
        "leads to pods of this namespace",
    ),
    "the volume of others": (
        f"{_CORE}/persistentvolumeclaims",
        _claim(volumeName="theirs"),
        "gets a new volume",
    ),
    "the host of others": (
        _INGRESSES,
        _ingress("iam.localhost"),
        "may have the hosts 'alice-iam.localhost'",
    ),
    "a snippet for the controller": (
        _INGRESSES,
        _ingress("alice-iam.localhost", _SNIPPET),
        "server-snippet",
    ),
    "an administrator's role": (f"{_RULES}/rolebindings", _ADMIN, "cannot create resource"),
}


@pytest.mark.parametrize("escape", _ESCAPES)
def test_requests_of_its_owner_that_lead_outside_are_refused(owner: Api, escape: str) -> None:
    path, body, reason = _ESCAPES[escape]
    with pytest.raises(ApiError, match=reason):
        owner.create(path, body)


def test_requests_of_its_owner_that_change_what_keeps_it_apart_are_refused(owner: Api) -> None:
    labels = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}
    for change in (
        lambda: owner.merge(f"/api/v1/namespaces/{_NAMESPACE}", labels),
        lambda: owner.delete(f"{_CORE}/resourcequotas/panda-infra-developer"),
        lambda: owner.delete(f"{_RULES}/roles/panda-infra-developer"),
        lambda: owner.delete(
            f"/apis/networking.k8s.io/v1/namespaces/{_NAMESPACE}/networkpolicies/panda-infra-developer"
        ),
        lambda: owner.list("/api/v1/namespaces/default/secrets"),
    ):
        with pytest.raises(ApiError, match="is forbidden"):
            change()


def test_its_owner_works_inside(owner: Api) -> None:
    for path, body in (
        (f"{_CORE}/pods", _pod()),
        (f"{_CORE}/services", _service()),
        (f"{_CORE}/persistentvolumeclaims", _claim()),
        (_INGRESSES, _ingress("alice-iam.localhost")),
    ):
        made = owner.create(path, body)
        owner.delete(f"{path}/{made['metadata']['name']}")


@pytest.mark.long
@pytest.mark.usefixtures("made")
def test_a_push_to_a_branch_is_deployed_by_one_command(
    parent: Workspace, admin: Api, owner: Api, bed: Bed, tmp_path: Path
) -> None:
    """By what a fork's workflow has: the stack's state, and a token of the namespace's service account."""
    fork = tmp_path / "panda-k8s"
    shutil.copytree(charts.FIXTURES, fork / "helm")
    _git(fork, "init", "--quiet", "--initial-branch", "my-feature")
    _commit(fork)
    with _in_the_name_of_its_service_account(parent, owner, bed):
        followed = documented(
            "python -m panda_infra dev up alice --charts git+https://github.com/me/panda-k8s.git@my-feature",
            {"https://github.com/me/panda-k8s.git": f"file://{fork}"},
        )
        done = run(parent, followed, "--image", "iam.main=ghcr.io/me/iam:my-feature")
        assert done.exit_code == 0, done.output
        note = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "pushed"}}
        (fork / "helm" / "iam" / "templates" / "note.yaml").write_text(fast_yaml.dump(note))
        _commit(fork)
        again = run(parent, documented("python -m panda_infra dev up alice"))
        assert again.exit_code == 0, again.output
    assert admin.get(f"{_CORE}/configmaps/pushed")
    images = {container["image"] for pod in pods(admin) for container in pod["spec"]["containers"]}
    assert "ghcr.io/me/iam:my-feature" in images


@pytest.mark.long
@pytest.mark.usefixtures("made")
def test_a_chart_of_a_branch_makes_nothing_outside(parent: Workspace, admin: Api, tmp_path: Path) -> None:
    """Whoever runs the command: here it is the cluster's administrator."""
    fork = tmp_path / "panda-k8s"
    shutil.copytree(charts.FIXTURES, fork / "helm")
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"}
    escape = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "escape"},
        "roleRef": role,
        "subjects": [subject],
    }
    (fork / "helm" / "iam" / "templates" / "escape.yaml").write_text(fast_yaml.dump(escape))
    _git(fork, "init", "--quiet", "--initial-branch", "escape")
    _commit(fork)
    file = parent.folder / f"Pulumi.{_STACK}.yaml"
    before = file.read_text()
    done = dev(parent, "up", "alice", "--charts", f"git+file://{fork}@escape")
    assert done.exit_code == 1
    assert "is not deployed as its file describes it" in done.output
    file.write_text(before)
    names = {
        each["metadata"]["name"]
        for each in admin.list("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings")
    }
    assert "escape" not in names
    mended = dev(parent, "up", "alice")
    assert mended.exit_code == 0, mended.output


@contextmanager
def _in_the_name_of_its_service_account(parent: Workspace, owner: Api, bed: Bed) -> Iterator[None]:
    """The stack's kubeconfig is one of the namespace's service account, whose token its owner makes."""
    command = documented("kubectl create token panda-infra-developer --namespace dev-alice --duration 720h")
    account, namespace = command.words[3], command.words[5]
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    token = owner.create(path, {"spec": {"expirationSeconds": 720 * 3600}})["status"]["token"]
    document = fast_yaml.load(bed.kubeconfig.read_text())
    document["users"][0]["user"] = {"token": token}
    kubeconfig = parent.folder / "kubeconfig-of-the-fork"
    kubeconfig.write_text(fast_yaml.dump(document))
    file = parent.folder / f"Pulumi.{_STACK}.yaml"
    file.write_text(file.read_text().replace(str(bed.kubeconfig), str(kubeconfig)))
    try:
        yield
    finally:
        file.write_text(file.read_text().replace(str(kubeconfig), str(bed.kubeconfig)))


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


def _commit(folder: Path) -> None:
    _git(folder, "add", "--all")
    identity = ("-c", "user.name=me", "-c", "user.email=me@localhost")
    _git(folder, *identity, "commit", "--quiet", "--message", "a push")


@pytest.mark.long
@pytest.mark.usefixtures("made")
def test_the_workflow_of_a_fork_runs_that_command(parent: Workspace) -> None:
    done = run(parent, documented("python -m panda_infra dev workflow alice --repository me/panda-infra"))
    assert done.exit_code == 0, done.output
    found = yaml.load(done.stdout, yaml.BaseLoader)
    assert found["on"] == {"push": {"branches": ["my-feature"]}}
    assert found["jobs"]["up"]["steps"][-1]["run"].endswith("-m panda_infra dev up alice\n")


def test_list_shows_owner_age_end_and_health(parent: Workspace) -> None:
    done = run(parent, documented("python -m panda_infra dev list"), "--json")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)
    assert (found["name"], found["owner"]) == ("alice", "alice")
    assert (found["health"], found["over"]) == ("healthy", False)
    assert found["created"]
    assert found["ready"] == found["pods"] > 0


def test_down_leaves_nothing(parent: Workspace, bed: Bed, before: frozenset[str]) -> None:
    done = run(parent, documented("python -m panda_infra dev down alice"), "--yes")
    assert done.exit_code == 0, done.output
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
    assert sorted(file.name for file in parent.folder.glob("Pulumi.*")) == [
        "Pulumi.local.yaml",
        "Pulumi.yaml",
    ]
    states = parent.folder / "state" / ".pulumi" / "stacks"
    assert [file.name for file in states.rglob("dev-alice.json")] == []
    listed = dev(parent, "list")
    assert "no developer has a stack here" in listed.output
