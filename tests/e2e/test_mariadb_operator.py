"""MariaDB by mariadb-operator: its own admission takes what the program makes, and the stack comes and goes with it.

No pod of a simulated node serves a database, so that the operator itself never calls one ready.
"""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from panda_infra.config.load import from_file
from panda_infra.config.stack import StackConfig
from panda_infra.live.archives import archived
from panda_infra.plan.make import make_plan
from panda_infra.plan.mariadb import mariadb_objects
from panda_infra.plan.network.databases import database_label
from testbed import stacks, waiting
from testbed.api import Api, ApiError
from testbed.bed import Bed
from testbed.rehearsal import changes
from testbed.workspace import Workspace
from tests.support import ctao, mariadb_operator, pods
from tests.support.command_line import run_in
from tests.support.mariadb_operator import CHECKOUT, NO_CHECKOUT, collection
from tests.support.own_beds import own_bed

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not CHECKOUT.is_dir(), reason=NO_CHECKOUT),
]

_NAMESPACE = "operated-mariadb"
_SERVER = "panda-harvester-mariadb-server"
_SMALL: dict[str, Any] = {
    "panda-infra:namespace": _NAMESPACE,
    "panda-infra:components": {
        "msgsvc": {},
        "panda": {},
        "harvester": {
            "mariadb": {"enabled": False},
            "settings": {"database": {"host": f"{_SERVER}-primary"}},
        },
    },
    "panda-infra:hosts": {},
    "panda-infra:storage": {"class": "standard"},
    "panda-infra:mariadb": {
        "operator": "mariadb-operator",
        "databases": {"harvester": {"size": "10Gi", "instances": 2}},
        "backup": {"endpoint": "http://s3.site.org", "bucket": "my-archive"},
    },
}
_DIRAC: dict[str, Any] = {
    "experiment": "ctao-dpps",
    "interfaces": {
        "environment": "staging",
        "rucioDatabase": {"kind": "fixture"},
        "diracDatabase": {"kind": "external", "host": "ctao-dirac-db-mariadb-server-primary"},
    },
    "components": {name: {} for name in ("dirac-bootstrap", "diracx-bootstrap")},
    "mariadb": {
        "operator": "mariadb-operator",
        "databases": {"dirac-bootstrap": {"size": "100Gi", "instances": 3, "class": "fast"}},
        "backup": {
            "endpoint": "https://s3.site.org",
            "bucket": "my-archive",
            "trust": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        },
    },
}

Body = dict[str, Any]


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    """A bed of its own: definitions are cluster-wide."""
    with own_bed("mariadb") as made:
        yield made


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Workspace:
    return stacks.local(bed, bed.state / "stacks" / "operated-mariadb", _SMALL)


def bodies(config: StackConfig) -> list[Body]:
    """Every object of a stack, and the one of a restore of its database, in a namespace that exists."""
    known = config.secrets.model_copy(update={"hash_key": SecretStr(secrets.token_hex())})
    plan = make_plan("local", config.model_copy(update={"secrets": known}))
    (database,) = archived(plan)
    made = [
        *({"apiVersion": each.api, "kind": each.kind, **each.fields} for _, each in mariadb_objects(plan)),
        database.described(plan, datetime.now(UTC), "restored"),
    ]
    return [{**each, "metadata": each["metadata"] | {"namespace": "default"}} for each in made]


@pytest.fixture(scope="module")
def made(stack: Workspace) -> dict[str, Body]:
    """An object of each kind of the stack."""
    return {each["kind"]: each for each in reversed(bodies(from_file(stack.stack_file).config))}


def test_without_the_operator_nothing_is_changed(stack: Workspace) -> None:
    for result in (stack.preview(), stack.up()):
        assert result.code != 0
        words = " ".join(result.text.split())
        assert "mariadb.operator: the cluster has no mariadb-operator" in words
        assert "Traceback" not in words
    assert not stack.outputs()


def tried(bed: Bed, each: Body) -> None:
    """Ask admission alone: nothing is kept."""
    path = collection(each["kind"], "default")
    Api(bed.kubeconfig).create(f"{path}?dryRun=All&fieldValidation=Strict", each)


def wrong_size(each: Body) -> None:
    each["spec"]["storage"]["size"] = "0"


def replicas_alone(each: Body) -> None:
    del each["spec"]["replication"]


def one_that_replicates(each: Body) -> None:
    each["spec"]["replicas"] = 1


def unknown_field(each: Body) -> None:
    each["spec"]["instances"] = 2


def restored_from_nothing(each: Body) -> None:
    each["spec"]["bootstrapFrom"] = {"targetRecoveryTime": "2026-01-01T00:00:00Z"}


def two_passwords(each: Body) -> None:
    each["spec"]["passwordSecretKeyRef"] = {"name": "other", "key": "password"}


def wrong_end(each: Body) -> None:
    each["spec"]["cleanupPolicy"] = "Keep"


def no_right(each: Body) -> None:
    each["spec"]["privileges"] = []


def named_schedule(each: Body) -> None:
    each["spec"]["schedule"]["cron"] = "@daily"


def no_place(each: Body) -> None:
    each["spec"]["storage"] = {}


def no_statement(each: Body) -> None:
    del each["spec"]["sql"]


_SLIPS: tuple[tuple[str, Callable[[Body], None], str], ...] = (
    ("MariaDB", wrong_size, "storage"),
    ("MariaDB", replicas_alone, "replicas"),
    ("MariaDB", one_that_replicates, "replicas"),
    ("MariaDB", unknown_field, "instances"),
    ("MariaDB", restored_from_nothing, "bootstrap source"),
    ("User", two_passwords, "passwordSecretKeyRef"),
    ("Database", wrong_end, "cleanupPolicy"),
    ("Grant", no_right, "privileges"),
    ("PhysicalBackup", named_schedule, "Schedule"),
    ("PointInTimeRecovery", no_place, "storage"),
    ("SqlJob", no_statement, "sql"),
)


def test_the_operators_admission_takes_what_the_program_makes_and_nothing_else(
    bed: Bed, stack: Workspace, made: dict[str, Body]
) -> None:
    mariadb_operator.defined(bed)
    with mariadb_operator.serving(bed):
        for config in (from_file(stack.stack_file).config, ctao.stack(**_DIRAC)):
            for each in bodies(config):
                tried(bed, each)
        for kind, slip, word in _SLIPS:
            wrong = copy.deepcopy(made[kind])
            slip(wrong)
            with pytest.raises(ApiError, match=word):
                tried(bed, wrong)


def test_the_operators_controller_makes_what_components_reach(bed: Bed, made: dict[str, Body]) -> None:
    """Services, volumes and configuration of the servers; it then waits for agents, which do not run here."""
    api, inside = Api(bed.kubeconfig), "/api/v1/namespaces/default"
    root = {"metadata": {"name": "panda-infra-mariadb-root"}, "stringData": {"password": "x"}}
    api.create(f"{inside}/secrets", {"apiVersion": "v1", "kind": "Secret", **root})
    for kind in ("PhysicalBackup", "PointInTimeRecovery", "MariaDB"):
        api.create(collection(kind, "default"), made[kind])
    stateful = f"/apis/apps/v1/namespaces/default/statefulsets/{_SERVER}"
    service = f"{inside}/services/{_SERVER}-primary"
    try:
        with mariadb_operator.controlling(bed):
            waiting.until(lambda: api.exists(stateful) and api.exists(service), "the operator's objects", 120)
        assert api.get(service)["spec"]["ports"][0]["port"] == 3306
        spec = api.get(stateful)["spec"]
        assert spec["replicas"] == 2
        assert database_label(_SERVER).items() <= spec["template"]["metadata"]["labels"].items()
        assert "mariadb:11.4" in {each["image"] for each in spec["template"]["spec"]["containers"]}
        assert spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete"
        (claim,) = [
            each["spec"] for each in spec["volumeClaimTemplates"] if each["metadata"]["name"] == "storage"
        ]
        assert claim["resources"]["requests"]["storage"] == "10Gi"
        assert claim["storageClassName"] == "standard"
        configuration = api.get(f"{inside}/configmaps/{_SERVER}-config")["data"]["my.cnf"]
        assert configuration == made["MariaDB"]["spec"]["myCnf"]
    finally:
        for kind in ("MariaDB", "PointInTimeRecovery", "PhysicalBackup"):
            api.delete(f"{collection(kind, 'default')}/{_SERVER}")
        api.delete(f"{inside}/secrets/panda-infra-mariadb-root")


def test_a_stack_comes_and_goes_with_its_databases(bed: Bed, stack: Workspace) -> None:
    api = Api(bed.kubeconfig)
    with mariadb_operator.serving(bed), mariadb_operator.ready(bed, _NAMESPACE):
        first = stack.up()
        assert first.code == 0, first.text
        again = stack.up()
    assert again.code == 0, again.text
    assert changes(again.stdout) == ()
    used = pods.secret(bed, _NAMESPACE, "panda-secrets-harvester-envs")
    assert used["HARVESTER_DB_HOST"] == f"{_SERVER}-primary"
    login = pods.secret(bed, _NAMESPACE, f"{_SERVER}-login")
    root = pods.secret(bed, _NAMESPACE, "panda-infra-mariadb-root")
    assert set(login) == {"hash"}
    for secret in (used["MARIADB_PASSWORD"], root["password"]):
        assert secret
        assert secret not in first.text + stack.exported_state()
    restores(bed, stack)
    gone = stack.destroy()
    assert gone.code == 0, gone.text
    assert not api.exists(f"/api/v1/namespaces/{_NAMESPACE}")
    for kind in {each["kind"] for each in bodies(from_file(stack.stack_file).config)}:
        assert api.list(collection(kind, _NAMESPACE)) == []


def restores(bed: Bed, stack: Workspace) -> None:
    """A restore makes a second object and no more; one of what is not archived makes none."""
    servers = collection("MariaDB", _NAMESPACE)
    api = Api(bed.kubeconfig)

    def restored(moment: datetime) -> Any:
        words = ("restore", "local", "--to", moment.isoformat(timespec="seconds"), "--of", "harvester")
        return run_in(stack.folder, stack.environment(), *words)

    now = datetime.now(UTC)
    early = restored(now)
    assert early.exit_code == 1
    assert "has no base backup" in " ".join(early.output.split())
    last = now - timedelta(minutes=1)
    mariadb_operator.archived_until(bed, _NAMESPACE, _SERVER, last.strftime("%Y-%m-%dT%H:%M:%SZ"))
    late = restored(now)
    assert late.exit_code == 1
    assert "the last change" in " ".join(late.output.split())
    live = api.get(f"{servers}/{_SERVER}")
    with mariadb_operator.serving(bed), mariadb_operator.ready(bed, _NAMESPACE):
        made = restored(last - timedelta(minutes=1))
    assert made.exit_code == 0, made.output
    assert f"is served by {_SERVER}-restored-primary" in " ".join(made.stdout.split())
    assert api.get(f"{servers}/{_SERVER}") == live
    assert {each["metadata"]["name"] for each in api.list(servers)} == {_SERVER, f"{_SERVER}-restored"}
    api.delete(f"{servers}/{_SERVER}-restored")
    with mariadb_operator.serving(bed), mariadb_operator.ready(bed, _NAMESPACE):
        drilled = run_in(stack.folder, stack.environment(), "backup", "drill", "local", "--json")
    # No pod of the bed prints anything, so that what was counted is not known, which is never ok.
    assert drilled.exit_code == 3, drilled.output
    (found,) = json.loads(drilled.stdout)["databases"]
    assert f"the log of job {_SERVER}-drill-" in found["error"]
    assert {each["metadata"]["name"] for each in api.list(servers)} == {_SERVER}
