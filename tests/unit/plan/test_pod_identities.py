"""Every pod gets its images through the registry by its log-in there, and no account that it does not need."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr

from panda_infra.config.registry import RegistrySecrets
from panda_infra.pins.deployed import deployed_images, wanted
from panda_infra.pins.pins import pins
from panda_infra.plan.backup import backup_objects
from panda_infra.plan.data import Deployed
from panda_infra.plan.footprint import names_inside
from panda_infra.plan.make import make_plan
from panda_infra.plan.model import Plan
from panda_infra.plan.monitoring.objects import monitoring_objects
from panda_infra.plan.node_recovery import node_recovery_objects
from panda_infra.plan.pod_identities import account, accounts, pull_secret
from tests.support import ctao, stacks

_PREFIX = "harbor.site.org"
_DIGEST = "sha256:" + 8 * "0123abcd"
_KEY = {"hashKey": "0123456789abcdef0123456789abcdef"}
_SECRETS = RegistrySecrets(pull_user=SecretStr("robot"), pull_password=SecretStr("canary-71"))


def plan(**sections: Any) -> Plan:
    return make_plan("demo", stacks.stack(registry={"prefix": _PREFIX, "login": True}, **sections))


def pods(value: Any) -> Iterator[dict[str, Any]]:
    """Every description of a pod in an object."""
    if isinstance(value, dict):
        if "containers" in value:
            yield value
        for below in value.values():
            yield from pods(below)
    elif isinstance(value, list):
        for below in value:
            yield from pods(below)


def images(made: Plan) -> list[str]:
    found = deployed_images(
        {each.component: Deployed(each.name, each.values, False) for each in made.releases}
    )
    return [each.repository for each in found]


def test_images_of_releases_come_through_it() -> None:
    made = plan()
    assert images(made)
    assert {each.partition("/")[0] for each in images(made)} == {_PREFIX}
    server = made.release("panda").values["server"]
    assert server["image"]["repository"] == "harbor.site.org/ghcr.io/pandawms/panda-server"
    assert server["imagePullSecrets"] == [{"name": "panda-secrets-registry"}]


def test_charts_without_sub_charts_too() -> None:
    made = make_plan("ctao", ctao.stack(registry={"prefix": _PREFIX, "login": True}))
    assert {each.partition("/")[0] for each in images(made)} == {_PREFIX}
    for component in ("rucio", "rucio-daemons"):
        values = made.release(component).values
        assert values["imagePullSecrets"] == [{"name": "ctao-secrets-registry"}]
        assert values["image"]["repository"].startswith(f"{_PREFIX}/docker.io/rucio/")


def test_so_do_those_of_the_programs_own_pods() -> None:
    made = plan(
        backup={"to": {"kind": "claim", "size": "1Gi"}},
        monitoring={"kind": "annotations", "logs": {"endpoint": "https://logs.site.org"}},
        nodeRecovery={"confirm": "none"},
        secrets=_KEY,
    )
    objects = (*backup_objects(made), *monitoring_objects(made), *node_recovery_objects(made))
    found = [pod for each in objects for pod in pods(each.fields)]
    assert len(found) > 3
    for pod in found:
        assert pod["imagePullSecrets"] == [{"name": made.config.pull_secret}]
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert container["image"].startswith(f"{_PREFIX}/")


def test_digests_and_pins_survive_and_the_image_is_still_known() -> None:
    image = {"repository": "ghcr.io/own/server", "tag": "1.2", "digest": _DIGEST}
    made = plan(components={"msgsvc": {"activemq": {"image": image}}})
    assert made.release("msgsvc").values["activemq"]["image"] == {
        "repository": "harbor.site.org/ghcr.io/own/server",
        "tag": f"1.2@{_DIGEST}",
    }
    (pin,) = (each for each in pins(made.config) if each.kind == "image")
    assert (pin.repository, pin.digest) == ("ghcr.io/own/server", _DIGEST)
    (ran,) = deployed_images({"msgsvc": Deployed("m", made.release("msgsvc").values, False)})
    for text in ("ghcr.io/own/server", "own/server:1.2", _DIGEST):
        assert wanted(text).fits(ran)


def test_the_secret_holds_the_log_in_at_the_host() -> None:
    made = plan()
    (content,) = pull_secret(made, _SECRETS).values()
    (host, entry), *_ = json.loads(b64decode(content))["auths"].items()
    assert host == _PREFIX
    assert (entry["username"], entry["password"]) == ("robot", "canary-71")
    assert b64decode(entry["auth"]) == b"robot:canary-71"
    assert made.config.pull_secret in names_inside(made)
    assert "canary-71" not in json.dumps([dict(each.values) for each in made.releases])


def test_without_a_log_in_no_pod_names_a_secret() -> None:
    made = make_plan("demo", stacks.stack(registry={"prefix": _PREFIX}))
    assert pull_secret(made, _SECRETS) == {}
    assert "imagePullSecrets" not in json.dumps([dict(each.values) for each in made.releases])
    assert made.config.pull_secret not in names_inside(made)


def test_pods_of_rucios_charts_get_accounts_without_a_token() -> None:
    """C43: their charts take the namespace's account `default`, with its token, unless a value names another one."""
    plan = make_plan("ctao", ctao.stack(affix="-dev", secrets=_KEY))
    made = accounts(plan)
    assert made == ("ctao-dev-rucio", "ctao-dev-rucio-daemons")
    used = [plan.release(component).values["serviceAccountName"] for component in ("rucio", "rucio-daemons")]
    assert used == list(made)
    assert set(made) <= names_inside(plan)
    assert account(plan, "ctao-dev-rucio") == {
        "metadata": {"name": "ctao-dev-rucio", "namespace": "ctao", "annotations": plan.owner.mark},
        "automountServiceAccountToken": False,
    }


def test_other_components_get_no_account() -> None:
    assert accounts(make_plan("demo", stacks.stack())) == ()
