"""What a failover reads of databases: tokens, how far one is behind, and which are the site's."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.inside import Ended
from panda_infra.failover.databases import behind, demotion_token, is_promoted, of_the_site
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.postgres import operated
from tests.support import ctao
from tests.support.failing_over import CLUSTERS, token
from tests.support.kubernetes import FakeApi
from tests.support.stacks import stack
from tests.support.verification import FakeInside
from tests.unit.plan.test_postgres import BACKUP, sections

_PATH = f"{CLUSTERS.format('panda')}/panda-idds-postgres"


@pytest.fixture
def plan() -> Plan:
    made = sections({"idds": {"size": "1Gi"}}, BACKUP)
    return make_plan("a", stack(secrets={"hashKey": "x"}, standby={"of": "a", "by": "b"}, **made))


def seen(replica: dict[str, str], **status: Any) -> FakeApi:
    return FakeApi({_PATH: {"spec": {"replica": replica}, "status": {"currentPrimary": "p-1", **status}}})


def test_a_token_is_of_the_last_demotion() -> None:
    status: dict[str, Any] = {"demotionToken": token(2), "timelineID": 2}
    assert demotion_token({"status": status}) == token(2)
    for wrong in (
        {"timelineID": 3},
        {"switchReplicaClusterStatus": {"inProgress": True}},
        {"demotionToken": ""},
        {"demotionToken": "%%"},
        {"demotionToken": "bm8="},
        {"timelineID": None},
    ):
        assert demotion_token({"status": status | wrong}) is None
    assert demotion_token({}) is None


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (Ended(0, "12\n"), "is 12 s behind"),
        (Ended(0, "promoted\n"), "is written to"),
        (Ended(0, "unknown\n"), "follows, how far behind is not known (unknown)"),
        (Ended(1, "refused"), "follows, how far behind is not known (no answer)"),
        (KubernetesError("exec is forbidden"), "follows, how far behind is not known (exec is forbidden)"),
    ],
)
def test_how_far_a_database_is_behind(plan: Plan, ended: Any, words: str) -> None:
    (each,) = operated(plan)
    inside = FakeInside(ended=ended)
    assert behind(plan, seen({"self": "a", "primary": "b"}), inside, each) == words
    assert inside.asked[0][:2] == ("p-1", "postgres")
    assert "no server is named" in behind(plan, FakeApi(), inside, each)


def test_a_database_is_promoted_when_it_has_all_that_its_token_demands(plan: Plan) -> None:
    (each,) = operated(plan)
    silent = FakeInside(ended=Ended(1, ""))
    replica = {"self": "a", "primary": "a", "promotionToken": "t"}
    assert is_promoted(plan, seen(replica, lastPromotionToken="t"), silent, each)
    assert not is_promoted(plan, seen(replica, lastPromotionToken="s"), silent, each)
    assert not is_promoted(plan, seen(replica), silent, each)
    assert not is_promoted(plan, FakeApi(), silent, each)


def test_one_without_a_token_is_asked_itself(plan: Plan) -> None:
    (each,) = operated(plan)
    writes, follows = FakeInside(ended=Ended(0, "promoted\n")), FakeInside(ended=Ended(0, "3\n"))
    api = seen({"self": "a", "primary": "a"})
    assert is_promoted(plan, api, writes, each)
    assert not is_promoted(plan, api, follows, each)
    assert not is_promoted(plan, seen({"self": "a", "primary": "b"}), writes, each)


def test_databases_of_the_site_are_known_by_their_hosts() -> None:
    made = sections({"idds": {"size": "1Gi"}}, BACKUP)
    made["components"]["panda"]["settings"]["database"]["host"] = "db.site.org"
    assert of_the_site(stack(secrets={"hashKey": "x"}, **made)) == ["db.site.org"]
    assert of_the_site(ctao.stack(secrets={"hashKey": "x"})) == []
