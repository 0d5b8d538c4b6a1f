"""Databases by CloudNativePG: its own admission takes what the program makes, and the stack comes and goes with them.

No pod of a simulated node serves a database, so that the operator itself never calls one ready.
"""

from __future__ import annotations

import copy
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from panda_infra.config.load import from_file
from panda_infra.live.archive_drills import DRILL
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import ClusterObject
from panda_infra.plan.ownership import MARK
from panda_infra.plan.postgres import postgres_objects
from testbed import stacks
from testbed.api import Api, ApiError
from testbed.bed import Bed
from testbed.rehearsal import changes
from testbed.workspace import Workspace
from tests.support import cnpg, pods
from tests.support.command_line import run_in
from tests.support.documented import documented
from tests.support.own_beds import own_bed

pytestmark = [pytest.mark.e2e, pytest.mark.long]

_NAMESPACE = "operated"
_SMALL: dict[str, Any] = {
    "panda-infra:namespace": _NAMESPACE,
    "panda-infra:components": {
        "msgsvc": {},
        "panda": {"postgres": {"enabled": False}, "settings": {"database": {"host": "panda-postgres-rw"}}},
        "idds": {
            "postgres": {"enabled": False},
            "settings": {"database": {"host": "panda-idds-postgres-rw"}},
        },
    },
    "panda-infra:hosts": {},
    "panda-infra:storage": {"class": "standard"},
    "panda-infra:postgres": {
        "operator": "cnpg",
        "databases": {
            "idds": {"size": "10Gi", "instances": 2},
            "panda": {"size": "20Gi", "image": "ghcr.io/site/postgres-panda:17"},
        },
        "backup": {"endpoint": "https://s3.site.org", "bucket": "pg-archive"},
    },
}


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    """A bed of its own: definitions are cluster-wide."""
    with own_bed("cnpg", "cloudnative-pg") as made:
        yield made


@pytest.fixture(scope="module")
def stack(bed: Bed) -> Workspace:
    return stacks.local(bed, bed.state / "stacks" / "operated", _SMALL)


@pytest.fixture(scope="module")
def made(stack: Workspace) -> dict[str, ClusterObject]:
    """The objects of the stack by their kinds; of those of one kind, that of iDDS."""
    config = from_file(stack.stack_file).config
    config = config.model_copy(
        update={"secrets": config.secrets.model_copy(update={"hash_key": SecretStr(secrets.token_hex())})}
    )
    objects = [each for _, each in postgres_objects(make_plan("local", config))]
    return {each.kind: each for each in reversed(objects) if "panda-postgres" not in each.name}


def test_without_the_operator_nothing_is_changed(stack: Workspace) -> None:
    for result in (stack.preview(), stack.up()):
        assert result.code != 0
        words = " ".join(result.text.split())
        assert "postgres.operator: the cluster has no operator CloudNativePG" in words
        assert "postgres.backup: the cluster's CloudNativePG has no plugin Barman Cloud" in words
        assert "Traceback" not in words
    assert not stack.outputs()


def body(each: ClusterObject) -> dict[str, Any]:
    fields = copy.deepcopy(dict(each.fields))
    fields["metadata"]["namespace"] = "default"
    return {"apiVersion": each.api, "kind": each.kind, **fields}


def tried(bed: Bed, each: dict[str, Any]) -> None:
    """Ask admission alone: nothing is kept."""
    path = cnpg.collection(each["apiVersion"], each["kind"], "default")
    Api(bed.kubeconfig).create(f"{path}?dryRun=All&fieldValidation=Strict", each)


def wrong_size(cluster: dict[str, Any]) -> None:
    cluster["spec"]["storage"]["size"] = "much"


def no_instance(cluster: dict[str, Any]) -> None:
    cluster["spec"]["instances"] = 0


def fixed_parameter(cluster: dict[str, Any]) -> None:
    cluster["spec"]["postgresql"] = {"parameters": {"port": "5433"}}


def unknown_field(cluster: dict[str, Any]) -> None:
    cluster["spec"]["instanceCount"] = 1


def two_ways(cluster: dict[str, Any]) -> None:
    cluster["spec"]["bootstrap"]["recovery"] = {"source": "other"}


def test_the_operators_admission_takes_what_the_program_makes_and_nothing_else(
    bed: Bed, made: dict[str, ClusterObject]
) -> None:
    cnpg.defined(bed)
    with cnpg.serving(bed):
        for each in made.values():
            tried(bed, body(each))
        slips: tuple[tuple[Callable[[dict[str, Any]], None], str], ...] = (
            (wrong_size, "size"),
            (no_instance, "instances"),
            (fixed_parameter, "port"),
            (unknown_field, "instanceCount"),
            (two_ways, "bootstrap"),
        )
        for slip, word in slips:
            cluster = body(made["Cluster"])
            slip(cluster)
            with pytest.raises(ApiError, match=word):
                tried(bed, cluster)
        scheduled = body(made["ScheduledBackup"])
        scheduled["spec"]["schedule"] = "every night"
        with pytest.raises(ApiError, match="schedule"):
            tried(bed, scheduled)


def test_a_stack_comes_and_goes_with_its_databases(bed: Bed, stack: Workspace) -> None:
    api = Api(bed.kubeconfig)
    with cnpg.ready(bed, _NAMESPACE):
        first = stack.up()
        assert first.code == 0, first.text
        again = stack.up()
    assert again.code == 0, again.text
    assert changes(again.stdout) == ()
    cnpg.backed_up(bed, _NAMESPACE, "panda-idds-postgres")
    with cnpg.ready(bed, _NAMESPACE):
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        command = documented(
            "python -m panda_infra restore doma --to 2026-11-30T02:17:00+00:00 --of idds",
            {"doma": "local", "2026-11-30T02:17:00+00:00": moment},
        )
        restored = run_in(stack.folder, stack.environment(), *command.words[3:])
        assert restored.exit_code == 0, restored.output
        assert "is served by panda-idds-postgres-restored-rw" in " ".join(restored.stdout.split())
    api.delete(f"{cnpg.CLUSTERS.format(_NAMESPACE)}/panda-idds-postgres-restored")
    found = {each["metadata"]["name"] for each in api.list(cnpg.CLUSTERS.format(_NAMESPACE))}
    assert found == {"panda-postgres", "panda-idds-postgres"}
    drilled(bed, stack)
    login = pods.secret(bed, _NAMESPACE, "panda-idds-postgres-login")
    used = pods.secret(bed, _NAMESPACE, "panda-secrets-idds-envs")
    assert login == {"username": used["IDDS_DATABASE_USER"], "password": used["IDDS_DATABASE_PASSWORD"]}
    assert used["IDDS_DATABASE_HOST"] == "panda-idds-postgres-rw"
    assert login["password"] not in first.text + stack.exported_state()
    gone = stack.destroy()
    assert gone.code == 0, gone.text
    assert not api.exists(f"/api/v1/namespaces/{_NAMESPACE}")
    assert api.list(cnpg.CLUSTERS.format(_NAMESPACE)) == []


def drilled(bed: Bed, stack: Workspace) -> None:
    """A drill makes servers of each archive and removes them, with what one that was killed has left."""
    api, clusters = Api(bed.kubeconfig), cnpg.CLUSTERS.format(_NAMESPACE)
    live = {each["metadata"]["name"]: each for each in api.list(clusters)}
    (idds,) = (each for name, each in live.items() if name == "panda-idds-postgres")
    left = {
        "name": "left",
        "annotations": {MARK: idds["metadata"]["annotations"][MARK]},
        "labels": {DRILL: "panda-idds-postgres"},
    }
    api.create(clusters, {**{key: idds[key] for key in ("apiVersion", "kind", "spec")}, "metadata": left})
    with cnpg.ready(bed, _NAMESPACE):
        first = run_in(stack.folder, stack.environment(), "backup", "drill", "local", "--json")
        assert first.exit_code == 1, first.output
        cnpg.backed_up(bed, _NAMESPACE, "panda-postgres")
        second = run_in(stack.folder, stack.environment(), "backup", "drill", "local", "--json")
    # No pod of the bed prints anything, so that what was counted is not known, which is never ok.
    assert second.exit_code == 3, second.output
    found = [
        {each["database"]: each["error"] for each in json.loads(one.stdout)["databases"]}
        for one in (first, second)
    ]
    assert "has no base backup of panda-postgres yet" in found[0]["panda"]
    assert "serves, but nothing shows its image" in found[0]["idds"]
    assert "the log of job panda-postgres-drill-" in found[1]["panda"]
    assert {each["metadata"]["name"]: each["spec"] for each in api.list(clusters)} == {
        name: each["spec"] for name, each in live.items()
    }
    assert api.list(f"/apis/batch/v1/namespaces/{_NAMESPACE}/jobs") == []
