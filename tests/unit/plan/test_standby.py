"""A stack that stands by: everything is there, and no pod of it serves or works."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.config.stack import StackConfig
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.postgres import operated, postgres_objects
from panda_infra.plan.standby import Role, mark, role_in, role_of, stands_by
from panda_infra.plan.summary import summary
from panda_infra.products.registry import COMPONENTS
from tests.support import ctao
from tests.support.stacks import stack
from tests.unit.plan.test_postgres import BACKUP, objects, sections

PAIR: dict[str, Any] = {"of": "demo", "by": "demo-2", "term": 3}
_KEY = {"hashKey": "x"}
_TOKEN = "eyJhIjogMX0="


def plan(name: str, config: StackConfig, **more: Any) -> Plan:
    standby = stack(standby={**PAIR, **more}).standby
    return make_plan(name, config.model_copy(update={"standby": standby}))


def replicated(name: str, **more: Any) -> dict[tuple[str, str], Any]:
    made = sections({"idds": {"size": "1Gi"}}, BACKUP)
    return objects(plan(name, stack(secrets=_KEY, **made), **more))


@pytest.mark.parametrize("config", [stack(secrets=_KEY), ctao.stack(secrets=_KEY)], ids=["panda", "ctao"])
def test_nothing_but_databases_has_pods(config: StackConfig) -> None:
    active, resting = plan("demo", config), plan("demo-2", config)
    assert (stands_by(active), stands_by(resting)) == (False, True)
    assert [each.name for each in active.releases] == [each.name for each in resting.releases]
    assert not any(each.runs_jobs for each in resting.releases)
    for before, after in zip(active.releases, resting.releases, strict=True):
        for sub in COMPONENTS[after.component].sub_components:
            given, usual = after.values[sub.name], before.values[sub.name]
            if sub.is_database:
                assert given == usual
            else:
                assert given["replicaCount"] == 0, (after.component, sub.name)
                assert {**given, "replicaCount": 1} == {**usual, "replicaCount": 1}


def test_the_charts_of_rucio_have_no_pods() -> None:
    made = plan("demo-2", ctao.stack(secrets=_KEY))
    assert made.release("rucio").values["replicaCount"] == 0
    counts = [
        value
        for key, value in made.release("rucio-daemons").values.items()
        if key.endswith(("Count", "Evaluatorcount"))
    ]
    assert counts
    assert set(counts) == {0}


def test_a_stack_without_a_pair_is_as_it_was() -> None:
    config = stack(secrets=_KEY)
    alone, active = make_plan("demo", config), plan("demo", config)
    assert alone.releases == active.releases
    assert (mark(alone), role_of(alone)) == (None, None)
    assert "with demo-2; active in term 3" in summary(active)
    assert "Pair" not in summary(alone)


def test_what_others_set_is_set_here() -> None:
    scaled = {
        "panda": {"server": {"replicas": 3, "replicaCounts": "autoscaler", "imageTags": "updater"}},
        "msgsvc": {},
    }
    values = (
        plan("demo-2", stack(secrets=_KEY, hosts={}, components=scaled)).release("panda").values["server"]
    )
    assert values["replicaCount"] == 0
    assert values["ownedByOthers"] == ["image.tag"]


def test_nothing_leads_to_it_and_nobody_watches_it() -> None:
    magnum = {
        "kind": "magnum",
        "name": "k",
        "template": "t",
        "keypair": "k",
        "nodeCount": 1,
        "flavor": "f",
        "masterFlavor": "m",
    }
    config = stack(secrets=_KEY, cluster=magnum, monitoring={"kind": "prometheusOperator"})
    active, resting = plan("demo", config), plan("demo-2", config)
    assert active.config.monitoring
    assert active.config.cluster.model_dump()["aliases"] == "program"
    assert resting.config.monitoring is None
    assert resting.config.cluster.model_dump()["aliases"] == "standby"


def test_the_role_is_written_and_read() -> None:
    for name, active, other in (("demo", True, "demo-2"), ("demo-2", False, "demo")):
        made = plan(name, stack(secrets=_KEY))
        written = mark(made)
        assert written
        assert role_in(written.fields) == role_of(made) == Role(active, 3, other)
    assert role_in({"metadata": {"name": "another"}, "data": {"term": "1"}}) is None
    assert role_in({"metadata": {"name": "panda-infra-standby"}, "data": {"term": "x"}}) is None
    assert str(Role(False, 3, "demo")) == "standby in term 3"


def test_the_databases_of_the_pair_follow_each_other() -> None:
    spec = replicated("demo")["Cluster", "panda-idds-postgres"].fields["spec"]
    assert spec["replica"] == {"self": "demo", "primary": "demo", "source": "demo-2"}
    assert set(spec["bootstrap"]) == {"initdb"}
    assert [each["plugin"]["parameters"]["barmanObjectName"] for each in spec["externalClusters"]] == [
        "panda-infra-postgres-archive",
        "panda-infra-postgres-other",
    ]
    other = replicated("demo-2", tokens={"idds": _TOKEN})["Cluster", "panda-idds-postgres"].fields["spec"]
    assert other["replica"] == {"self": "demo-2", "primary": "demo", "source": "demo"}
    login = {"name": "panda-idds-postgres-login"}
    recovery = {"source": "demo", "database": "idds_db", "owner": "idds", "secret": login}
    assert other["bootstrap"] == {"recovery": recovery}
    assert [each["name"] for each in other["externalClusters"]] == ["demo-2", "demo"]


def test_one_that_is_promoted_has_its_token_and_is_awaited() -> None:
    for token in ("", _TOKEN):
        made = replicated("demo", tokens={"idds": token})["Cluster", "panda-idds-postgres"].fields
        assert made["spec"]["replica"].get("promotionToken", "") == token
        awaited = made["metadata"]["annotations"]["pulumi.com/waitFor"]
        assert ("lastPromotionToken" in awaited) == bool(token)
        assert "condition=Ready" in awaited


def test_each_finds_the_archive_of_the_other() -> None:
    def place(name: str, store: str, **more: Any) -> Any:
        found = replicated(name, **more)["ObjectStore", store].fields["spec"]["configuration"]
        return found["endpointURL"], found["destinationPath"], found["s3Credentials"]["accessKeyId"]["name"]

    own, other = "panda-infra-postgres-archive", "panda-infra-postgres-other"
    assert place("demo", own) == (BACKUP["endpoint"], "s3://pg-archive/demo", own)
    assert place("demo-2", other) == place("demo", own)
    elsewhere = {"endpoint": "https://s3.far.org", "bucket": "far"}
    assert place("demo", other, archive=elsewhere) == ("https://s3.far.org", "s3://far/demo-2", other)


def test_without_an_archive_there_is_none_to_follow() -> None:
    made = plan("demo", stack(secrets=_KEY, **sections({"idds": {"size": "1Gi"}})))
    assert [each.kind for _, each in postgres_objects(made)] == ["Cluster"]
    assert [each.component for each in operated(made)] == ["idds"]
