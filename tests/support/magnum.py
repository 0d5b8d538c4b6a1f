"""Stacks of `magnum_program` on a cloud of the test bed: described, run, and looked at from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from testbed import waiting
from testbed.api import Api
from testbed.openstack_bed import offer
from testbed.openstack_bed.cloud import OpenStackBed
from testbed.workspace import Result, Workspace
from tests.support import fast_yaml
from tests.support.stacks import stack as valid_stack
from tools import REPOSITORY

__all__ = ["HOSTS", "Stack", "kubeconfig_in", "make", "numbered", "numbers", "public_key", "resources_of"]

HOSTS = ["panda-life.cern.ch", "bigmon-life.cern.ch"]

_PROGRAM = REPOSITORY / "tests" / "e2e" / "magnum_program"
_RANDOM = r"-[a-z0-9]{12}-"  # what Magnum puts into the names of servers


@dataclass
class Stack:
    """A stack whose cluster is made by the Magnum of ``cloud`` under ``name``."""

    workspace: Workspace
    cloud: OpenStackBed
    name: str

    def describe(self, **changes: Any) -> None:
        """Replace keys of the section `cluster`; None removes one."""
        described = fast_yaml.load(self.workspace.stack_file.read_text())["config"]["panda-infra:cluster"]
        changed = {key: value for key, value in (described | changes).items() if value is not None}
        self.workspace.configure({"panda-infra:cluster": changed})

    @contextmanager
    def described(self, **changes: Any) -> Iterator[None]:
        """Replace keys of the section `cluster` for a while; the whole stack file is then as it was."""
        good = self.workspace.stack_file.read_text()
        try:
            self.describe(**changes)
            yield
        finally:
            self.workspace.stack_file.write_text(good)

    def plan(self) -> Plan:
        """What commands take for the plan of this stack."""
        document = fast_yaml.load(self.workspace.stack_file.read_text())["config"]
        config = valid_stack(
            cluster=document["panda-infra:cluster"],
            hosts={"panda": HOSTS[0]},
            namespace="inside",
            lifecycle={"protect": False},
        )
        return make_plan("test", config)

    def run(self, command: str, *arguments: str, environment: Mapping[str, str] = {}) -> Result:
        """A command of the engine that asks nothing."""
        unattended = () if command == "preview" else ("--yes",)
        environment = {**self.cloud.environment(), **environment}
        return self.workspace.pulumi(
            command, *unattended, "--stack", "test", *arguments, environment=environment
        )

    def killed(self, reached: Callable[[], bool], command: str = "up") -> None:
        """Begin a command and kill the engine, unasked, as soon as a point is ``reached``."""
        environment = {**self.workspace.environment(), **self.cloud.environment()}
        arguments = ["pulumi", command, "--yes", "--skip-preview", "--non-interactive", "--stack", "test"]
        with (self.workspace.folder / "killed.log").open("wb") as log:
            engine = subprocess.Popen(
                arguments,
                cwd=self.workspace.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                waiting.until(
                    lambda: reached() or engine.poll() is not None, "the point to kill at", seconds=300
                )
                assert engine.poll() is None, "it ended by itself"
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(engine.pid, signal.SIGKILL)
                engine.wait()
        self.workspace.unlock()

    def forget(self, *urns: str) -> None:
        """Take resources out of the state, as if it had not been saved since they were made."""
        for urn in urns:
            lost = self.workspace.pulumi(
                "state", "delete", urn, "--target-dependents", "--force", "--yes", "--stack", "test"
            )
            assert lost.code == 0, lost.text

    def up(self, *arguments: str) -> str:
        """What an update that must succeed shows."""
        result = self.run("up", *arguments)
        assert result.code == 0, result.text
        return result.text

    def fails(self, command: str = "up", *arguments: str, environment: Mapping[str, str] = {}) -> str:
        """What a command that must fail shows."""
        result = self.run(command, *arguments, environment=environment)
        assert result.code != 0, result.text
        assert "Traceback" not in result.text
        return result.text

    def changes(self, *arguments: str) -> dict[str, str]:
        """What a preview would do, by the names of the resources, of providers by their packages.

        What stays the same is left out.
        """
        result = self.run("preview", "--json", *arguments)
        assert result.code == 0, result.text
        return _by_name(json.loads(result.stdout)["steps"])

    def done(self) -> dict[str, str]:
        """What an update did, in the form of `changes`."""
        result = self.run("up", "--skip-preview", "--json")
        assert result.code == 0, result.text
        events = [json.loads(line) for line in result.stdout.splitlines()]
        return _by_name(
            [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]
        )

    def destroy(self) -> None:
        """Destroy the stack, and look for what it may have left."""
        result = self.run("destroy")
        assert result.code == 0, result.text
        assert not self.clusters()
        assert not list(self.cloud.connection().compute.servers())
        assert not list(self.cloud.connection().compute.keypairs())

    def clusters(self) -> list[Any]:
        """The clusters of that name that Magnum has."""
        magnum = self.cloud.connection().container_infrastructure_management
        return [cluster for cluster in magnum.clusters() if cluster.name == self.name]

    def server(self, node: str) -> Any:
        """The server whose name ends so, such as ``-node-1``."""
        (found,) = (one for one in self.cloud.connection().compute.servers() if one.name.endswith(node))
        return found

    def aliases(self) -> dict[str, str | None]:
        """The value of `landb-alias` of each server, by what Magnum calls it inside the cluster, less the dashes."""
        servers = self.cloud.connection().compute.servers(name=f"^{self.name[:20]}")
        return {_short(self.name, one.name): one.metadata.get("landb-alias") for one in servers}

    def write_metadata(self, node: str, **values: str) -> None:
        """What somebody else does to the metadata of a server; keys as in ``landb_alias2``."""
        written = {key.replace("_", "-"): value for key, value in values.items()}
        self.cloud.connection().compute.set_server_metadata(self.server(node), **written)

    def resources(self) -> list[dict[str, Any]]:
        """Everything in the state, secrets in the clear."""
        return resources_of(self.workspace)

    def kubeconfig(self) -> str:
        """The stack's own kubeconfig, which is nowhere but in the state."""
        return kubeconfig_in(self.resources())

    def api(self, folder: Path) -> Api:
        """The cluster's API, through that kubeconfig."""
        path = folder / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(self.kubeconfig())
        return Api(path)

    def written(self, method: str, path: str, since: float) -> int:
        """How many requests of that kind a service itself answered."""
        requests = self.cloud.requests(since)
        return sum(
            r.method == method and re.search(path, r.path) is not None and r.status < 400 for r in requests
        )


def make(
    cloud: OpenStackBed, folder: Path, name: str, workers: int, *, groups: Sequence[dict[str, Any]] = ()
) -> Stack:
    """A stack that was never up, of a cluster with so many workers and more in node groups."""
    described = {
        "kind": "magnum",
        "name": name,
        "template": offer.TEMPLATE,
        "keypair": name,
        "publicKey": public_key(),
        "nodeCount": workers,
        "flavor": "m2.large",
        "masterFlavor": "m2.medium",
        "labels": {"cern_enabled": "true", "ingress_controller": "nginx"},
        "nodeGroups": list(groups),
    }
    workspace = Workspace(folder / name, "test")
    workspace.create({"panda-infra:cluster": described, "panda-infra:hosts": HOSTS})
    for source in _PROGRAM.iterdir():
        (workspace.folder / source.name).unlink()
        (workspace.folder / source.name).symlink_to(source)
    return Stack(workspace, cloud, name)


def resources_of(workspace: Workspace) -> list[dict[str, Any]]:
    """Everything in the state of a stack, secrets in the clear."""
    shown = workspace.pulumi("stack", "export", "--show-secrets", "--stack", workspace.stack)
    found: list[dict[str, Any]] = json.loads(shown.stdout)["deployment"].get("resources", [])
    return found


def kubeconfig_in(resources: Iterable[Mapping[str, Any]]) -> str:
    """The kubeconfig of the cluster that a stack has made."""
    (access,) = (one for one in resources if one["type"] == "panda-magnum:index:ClusterAccess")
    return str(json.loads(access["outputs"]["kubeconfig"]["plaintext"]))


def numbers(cloud: OpenStackBed, host: str, clusters: Mapping[str, str]) -> dict[str, list[int]]:
    """The numbers of a host's alias on the servers of clusters, whose names are by what each is called."""
    found: dict[str, list[int]] = {called: [] for called in clusters}
    for server in cloud.connection().compute.servers():
        for text in server.metadata.get("landb-alias", "").split(","):
            if text.startswith(f"{host}--load-"):
                # The name of one cluster may begin with that of another one.
                names = (
                    called for called, name in clusters.items() if re.match(f"{name}{_RANDOM}", server.name)
                )
                found[next(names)].append(int(text.removeprefix(f"{host}--load-").rstrip("-")))
    return {called: sorted(each) for called, each in found.items()}


def public_key() -> str:
    """One that nobody has the private key of."""
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()


def numbered(**numbers: int | None) -> dict[str, str | None]:
    """What `Stack.aliases` finds when each server has that number; None stands for no aliases."""
    labels = [host.split(".")[0] for host in HOSTS]
    return {
        node: None if number is None else ",".join(f"{label}--load-{number}-" for label in labels)
        for node, number in numbers.items()
    }


def _by_name(steps: Iterable[dict[str, Any]]) -> dict[str, str]:
    changes = {}
    for step in steps:
        kind, name = step["urn"].rsplit("::", 2)[1:]
        provider = re.search(r"pulumi:providers:(.+)", kind)
        changes[provider[1] if provider else name] = step["op"]
    return {name: op for name, op in changes.items() if op not in ("same", "refresh")}


def _short(cluster: str, server: str) -> str:
    """``node0`` of the default groups, ``bignode0`` of an added one."""
    stem, index = re.split(_RANDOM, server)
    group = "" if stem == cluster else stem.removeprefix(f"{cluster[:20]}-")
    return (group + index).replace("-", "")
