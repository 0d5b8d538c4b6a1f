"""The places with metrics that no component has itself."""

from __future__ import annotations

from panda_infra.plan.monitoring.scrapes import scrapes
from tests.support.stacks import stack
from tests.unit.plan.test_postgres import sections


def test_each_server_of_an_operators_postgres_is_scraped_and_no_other_pod_of_the_operator() -> None:
    config = stack(monitoring={"kind": "annotations"}, **sections({"idds": {"size": "1Gi", "instances": 2}}))
    (found,) = (each for each in scrapes(config) if each.part == "database")
    assert (found.name, found.component, found.port) == ("metrics-panda-idds-postgres", "idds", 9187)
    # Servers that are restored are of a cluster with another name; jobs and poolers have another role, or none.
    assert found.selector == {"cnpg.io/cluster": "panda-idds-postgres", "cnpg.io/podRole": "instance"}
    assert found.labels["part"] == "database"


def test_without_an_operator_there_is_none() -> None:
    assert not any(each.part == "database" for each in scrapes(stack(monitoring={"kind": "annotations"})))
