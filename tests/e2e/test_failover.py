"""Failover between two stacks with the real engine on the real API: there, killed on the way, and back.

Both stacks are on one cluster, in two namespaces, because the steps do not know the difference. The operator of the
databases is played: no pod of a simulated node serves one.
"""

from __future__ import annotations

import copy
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from panda_infra.config.load import from_file
from panda_infra.plan.make import make_plan
from panda_infra.plan.postgres import postgres_objects
from panda_infra.products.ctao.site_template import in_environment
from testbed import leftovers, stacks
from testbed.api import Api, ApiError
from testbed.bed import Bed
from testbed.rehearsal import changes
from testbed.workspace import PROJECT, Result, Workspace
from tests.support import cnpg, ctao
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.own_beds import own_bed
from tests.support.workloads import with_pods

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_OPERATOR = {"operator": "cnpg", "backup": {"endpoint": "https://s3.site.org", "bucket": "pg-archive"}}
_IDDS = {"postgres": {"enabled": False}, "settings": {"database": {"host": "panda-idds-postgres-rw"}}}
_SERVER = {"postgres": {"enabled": False}, "settings": {"database": {"host": "panda-postgres-rw"}}}
_PANDA: dict[str, Any] = {
    f"{PROJECT}:components": {"msgsvc": {}, "panda": _SERVER, "idds": _IDDS},
    f"{PROJECT}:hosts": {"idds": "idds.localhost"},
    f"{PROJECT}:storage": {"class": "standard"},
    f"{PROJECT}:postgres": {
        **_OPERATOR,
        "databases": {
            "idds": {"size": "10Gi"},
            "panda": {"size": "20Gi", "image": "ghcr.io/site/postgres-panda:17"},
        },
    },
}
_INTERFACES = {
    "environment": "staging",
    "rucioDatabase": {"kind": "external", "host": "ctao-rucio-db-postgres-rw"},
    "diracDatabase": {"kind": "external", "host": "db-dirac.site.org", "user": "dirac"},
    "objectstore": {"kind": "external", "url": "https://s3.site.org"},
    "opensearch": {"kind": "external", "host": "search.site.org", "user": "dirac"},
    "iam": {"kind": "external", "url": "https://iam.site.org"},
}
_DPPS: dict[str, Any] = {
    "experiment": "ctao-dpps",
    "hosts": {"rucio": "rucio.site.org", "diracx": "diracx.site.org"},
    "interfaces": _INTERFACES,
    "components": {
        name: ctao.COMPONENTS[name]
        | ({"values": {"minReadySeconds": 0}} if name in ("rucio", "rucio-daemons") else {})
        for name in in_environment("staging")["components"]
    },
    "postgres": {**_OPERATOR, "databases": {"rucio-bootstrap": {"size": "10Gi"}}},
}


@dataclass(frozen=True)
class Pair:
    """Two stacks of one project; ``first`` was active in the beginning."""

    first: Workspace
    second: Workspace
    bed: Bed
    promoted: tuple[str, ...]
    """What confirms that the site has promoted its databases, where it has some."""

    def namespace(self, stack: Workspace) -> str:
        return f"over-{stack.stack}"

    def running(self, stack: Workspace) -> list[str]:
        """The Deployments and StatefulSets of a stack that have pods."""
        return with_pods(Api(self.bed.kubeconfig), self.namespace(stack))

    def primary(self, stack: Workspace) -> set[bool]:
        """Whether the databases of a stack are written to."""
        clusters = Api(self.bed.kubeconfig).list(cnpg.CLUSTERS.format(self.namespace(stack)))
        return {each["spec"]["replica"]["self"] == each["spec"]["replica"]["primary"] for each in clusters}

    def settled(self) -> None:
        """Refuse a pair in which the next `pulumi up` would change anything."""
        for stack in (self.first, self.second):
            assert changes(up(stack).stdout) == ()

    def failover(self, old: Workspace, new: Workspace) -> str:
        names = {"doma-2": new.stack, "doma": old.stack}
        command = documented("python -m panda_infra failover doma --to doma-2", names)
        words = (*command.words[3:], "--wait", "120")
        done = run_in(self.first.folder, self.first.environment(), *words)
        said = ""
        if self.promoted and "--databases-promoted" in done.output:
            assert (self.running(old), self.running(new)) == ([], [])
            said = done.stdout
            done = run_in(self.first.folder, self.first.environment(), *words, *self.promoted)
        # Simulated pods cannot be asked whether they serve.
        assert done.exit_code == 3, done.output
        return said + done.stdout


def up(stack: Workspace) -> Result:
    done = stack.up("--json")
    assert done.code == 0, done.text
    return done


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    """A bed of its own: definitions are cluster-wide."""
    with own_bed("over", "cloudnative-pg") as made:
        yield made


@pytest.fixture(scope="module")
def operator(bed: Bed) -> Bed:
    """What the real operator brings: its definitions."""
    cnpg.defined(bed)
    return bed


@pytest.fixture(scope="module", params=["panda", "ctao"])
def pair(
    operator: Bed, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    before = leftovers.of_cluster(operator)
    folder = operator.state / "stacks" / request.param
    if request.param == "panda":
        made = stacks.local(operator, folder, _PANDA)
    else:
        made = stacks.of_file(operator, ctao.written(tmp_path_factory.mktemp("ctao"), **_DPPS), folder)
    other = Workspace(folder, f"{made.stack}-2")
    config = yaml.safe_load(made.stack_file.read_text())["config"]
    config[f"{PROJECT}:standby"] = {"of": made.stack, "by": other.stack}
    plain = {key: each for key, each in config.items() if key != f"{PROJECT}:secrets"}
    other.stack_file.write_text(
        yaml.safe_dump({"config": plain | {f"{PROJECT}:namespace": f"over-{other.stack}"}})
    )
    made.configure(
        {f"{PROJECT}:standby": config[f"{PROJECT}:standby"], f"{PROJECT}:namespace": f"over-{made.stack}"}
    )
    # The backend need not have the other stack yet.
    alone = made.preview()
    assert alone.code == 0, alone.text
    assert other.pulumi("stack", "init", other.stack, "--no-select").code == 0
    other.encrypt(f"{PROJECT}:secrets", made.encrypted[f"{PROJECT}:secrets"])
    promoted = ("--databases-promoted",) if request.param == "ctao" else ()
    found = Pair(made, other, operator, promoted)
    with cnpg.following(operator, *(found.namespace(each) for each in (made, other))):
        yield found
        for each in (other, made):
            gone = each.destroy()
            assert gone.code == 0, gone.text
    assert leftovers.of_cluster(operator) == before


def test_one_is_active_and_the_other_stands_by(pair: Pair) -> None:
    for stack in (pair.first, pair.second):
        up(stack)
    pair.settled()
    assert pair.running(pair.first)
    assert pair.running(pair.second) == []
    assert (pair.primary(pair.first), pair.primary(pair.second)) == ({True}, {False})


def test_it_fails_over_and_nothing_is_left_to_change(pair: Pair) -> None:
    files = {stack.stack_file: stack.stack_file.read_text() for stack in (pair.first, pair.second)}
    before = pair.running(pair.first)
    said = pair.failover(pair.first, pair.second)
    assert f"fence {pair.first.stack}: services to 0" in said
    assert (pair.running(pair.first), pair.running(pair.second)) == ([], before)
    assert (pair.primary(pair.first), pair.primary(pair.second)) == ({False}, {True})
    pair.settled()
    # An old checkout, in both files of which the first one is still active.
    present = {file: file.read_text() for file in files}
    for file, text in files.items():
        file.write_text(text)
    for stack in (pair.first, pair.second):
        refused = stack.up()
        assert refused.code != 0
        assert "this file is out of date" in " ".join(refused.text.split())
    for file, text in present.items():
        file.write_text(text)
    assert pair.running(pair.first) == []
    again = pair.failover(pair.first, pair.second)
    assert again.count("done before") == 4
    pair.settled()


def test_a_killed_command_goes_on_on_the_way_back(pair: Pair) -> None:
    before = pair.running(pair.second)
    command = [sys.executable, "-m", "panda_infra", "failover", pair.second.stack, "--to", pair.first.stack]
    if pair.promoted:
        stopped = run_in(pair.first.folder, pair.first.environment(), *command[3:])
        assert "--databases-promoted" in stopped.output
        command += pair.promoted
    running = subprocess.Popen(
        command,
        cwd=pair.first.folder,
        env=pair.first.environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert running.stdout
    for line in running.stdout:
        if line.startswith("4. promote"):
            os.killpg(running.pid, signal.SIGKILL)
    running.wait(60)
    assert pair.running(pair.second) == []
    said = pair.failover(pair.second, pair.first)
    assert "2. stack files: done before" in said
    assert f"3. fence {pair.second.stack}: done before" in said
    assert (pair.running(pair.first), pair.running(pair.second)) == (before, [])
    assert (pair.primary(pair.first), pair.primary(pair.second)) == ({True}, {False})
    pair.settled()


def test_a_stack_that_is_not_reached_must_be_confirmed_to_be_off(pair: Pair) -> None:
    before = pair.first.stack_file.read_bytes(), pair.second.stack_file.read_bytes()
    pair.first.configure({f"{PROJECT}:cluster": {"kind": "existing", "kubeconfig": str(_nowhere(pair))}})
    done = run_in(
        pair.first.folder, pair.first.environment(), "failover", pair.first.stack, "--to", pair.second.stack
    )
    assert done.exit_code == 1
    assert "add --fenced" in " ".join(done.output.split())
    pair.first.stack_file.write_bytes(before[0])
    assert pair.second.stack_file.read_bytes() == before[1]


def _nowhere(pair: Pair) -> Any:
    """A kubeconfig that leads to nobody."""
    document = yaml.safe_load(pair.bed.kubeconfig.read_text())
    for each in document["clusters"]:
        each["cluster"]["server"] = "https://127.0.0.1:1"
    file = pair.first.folder / "nowhere"
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(document))
    return file


def test_the_operators_admission_takes_both_roles_and_their_exchange(pair: Pair) -> None:
    api, path = Api(pair.bed.kubeconfig), cnpg.CLUSTERS.format("default")
    made = {role: _cluster(of) for role, of in (("active", pair.first), ("standby", pair.second))}
    with cnpg.serving(pair.bed):
        for role, cluster in made.items():
            api.create(f"{path}?fieldValidation=Strict&dryRun=All", cluster)
            name = cluster["metadata"]["name"]
            api.create(f"{path}?fieldValidation=Strict", cluster)
            replica = cluster["spec"]["replica"]
            primary = replica["source" if role == "active" else "self"]
            exchanged = {"primary": primary, "promotionToken": None}
            try:
                api.merge(f"{path}/{name}?dryRun=All", {"spec": {"replica": exchanged}})
                wrong = exchanged | {"promotionToken": "bm90aGluZw=="}
                with pytest.raises(ApiError, match="oken"):
                    api.merge(f"{path}/{name}?dryRun=All", {"spec": {"replica": wrong}})
            finally:
                api.delete(f"{path}/{name}")


def _cluster(stack: Workspace) -> dict[str, Any]:
    """The Cluster of a stack, in another namespace."""
    config = from_file(stack.stack_file).config
    config = config.model_copy(
        update={"secrets": config.secrets.model_copy(update={"hash_key": SecretStr(secrets.token_hex())})}
    )
    made = postgres_objects(make_plan(stack.stack, config))
    found = next(each for _, each in made if each.kind == "Cluster")
    fields = copy.deepcopy(dict(found.fields))
    fields["metadata"] |= {"namespace": "default", "name": f"{stack.stack}-tried"}
    return {"apiVersion": found.api, "kind": found.kind, **fields}
