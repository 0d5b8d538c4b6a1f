"""A stack that takes an installation over leaves every pod as it was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pytest

from panda_infra.adoption.adopt import Adoption, Target, adopt, migrated
from panda_infra.adoption.workloads import replaces_pods
from panda_infra.config.paths import Path as KeyPath
from panda_infra.config.stack import StackConfig
from panda_infra.errors import StackError
from panda_infra.plan.make import make_plan
from panda_infra.secrets.build import build
from panda_infra.secrets.fields import missing
from panda_infra.secrets.generate import generate, make_certificates, with_values
from panda_infra.secrets.rolling import pod_annotations
from tests.unit.adoption.conftest import Cluster, EchoHelm, installation


def made(config: StackConfig) -> dict[KeyPath, str]:
    """Everything that can be made, host certificates too."""
    values = {field.path: generate(field) for field in missing(config) if field.make}
    for owner, parts in make_certificates(config).items():
        values |= {
            ("certificates", owner, part): getattr(parts, part) for part in ("certificate", "key", "chain")
        }
    return values


def adopted(cluster: Cluster, target: Target) -> Adoption:
    found = installation(cluster)
    return adopt(migrated(found, target), found, target, helm=EchoHelm("helm"), make=made, stack="dev")


@pytest.fixture
def result(cluster: Cluster, target: Target) -> Adoption:
    return adopted(cluster, target)


def config_of(result: Adoption) -> StackConfig:
    config = StackConfig.model_validate_json(json.dumps(result.outcome.sections))
    return config.model_copy(update={"secrets": with_values(config.secrets, result.outcome.secrets)})


def test_names_hosts_and_values_are_those_that_run(result: Adoption) -> None:
    plan = make_plan("mine", config_of(result))
    assert [release.name for release in plan.releases] == ["msgsvc-dev", "panda-dev"]
    assert plan.config.affix == "-dev"
    assert plan.hosts == {"panda": "panda-dev-server.cern.ch"}
    server = plan.release("panda").values["server"]
    assert server["persistentvolume"] == {"create": True, "class": "manual", "size": "7Gi"}
    assert plan.release("msgsvc").values["activemq"]["image"] == {"tag": "2"}
    assert plan.config.storage.class_name == "cinder"


def test_what_is_held_is_reported_with_both_values(result: Adoption) -> None:
    held = {(each.component, each.key): (each.found, each.stack) for each in result.held}
    assert held["panda", "server.persistentvolume.create"] == (True, False)
    assert held["msgsvc", "global.deploymentName"] == ("msgsvc-dev", None)


def test_pods_carry_no_hash_until_their_secrets_change(result: Adoption) -> None:
    config = config_of(result)
    assert pod_annotations(config, build(config), config.secrets.hash_key) == {}
    rotated = with_values(config.secrets, {("msgsvc", "basePassword"): "another"})
    after = config.model_copy(update={"secrets": rotated})
    assert pod_annotations(after, build(after), after.secrets.hash_key).keys() == {
        ("msgsvc", "activemq"),
        ("panda", "server"),
        ("panda", "jedi"),
    }


def test_live_secrets_win_over_the_values_of_their_chart(result: Adoption) -> None:
    assert result.outcome.secrets["panda", "databasePassword"] == "canary-new"
    assert result.outcome.secrets["msgsvc", "basePassword"] == "canary-broker"
    assert result.outcome.secrets["auth", "idToken"] == "canary-token"


def test_secrets_that_differ_are_reported_by_key_alone(result: Adoption) -> None:
    reported = {(each.secret, each.key): each.what for each in result.secrets}
    assert reported["panda-envs", "BY_HAND"] == "only in the cluster, where it stays"
    assert reported["panda-envs", "PANDA_API_URL"] == "only in the stack"
    assert ("panda-envs", "PANDA_DB_PASSWORD") not in reported
    shown = json.dumps(
        [list(map(asdict, result.held)), list(map(asdict, result.secrets)), result.outcome.sections]
    )
    assert "canary" not in shown + repr(result)


def test_other_charts_than_those_that_run_are_noticed(
    cluster: Cluster, target: Target, charts: Mapping[str, Path]
) -> None:
    assert not any(map(replaces_pods, adopted(cluster, target).objects.get("msgsvc", ())))
    values = charts["msgsvc"] / "values.yaml"
    values.write_text(values.read_text().replace("activemq", "artemis"))
    came = [(change.name, change.stack) for change in adopted(cluster, target).objects["msgsvc"]]
    assert came == [("msgsvc-dev-activemq", "would be deleted"), ("msgsvc-dev-artemis", "would be made")]


def test_a_missing_value_that_pods_start_with_must_be_given(cluster: Cluster, target: Target) -> None:
    found = installation(cluster)
    with pytest.raises(StackError, match=r"secrets\.certificates\.panda\.key.*no live Secret holds it"):
        adopt(
            migrated(found, target),
            found,
            target,
            helm=EchoHelm("helm"),
            stack="dev",
            make=lambda _: {("hashKey",): "k"},
        )
