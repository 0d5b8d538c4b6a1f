"""Who is notified of alerts: what the operator and Alertmanager read, and where secrets are."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from panda_infra.config.stack import StackConfig
from panda_infra.delivery.monitoring import receivers_secret
from panda_infra.plan.make import make_plan
from panda_infra.plan.monitoring.objects import monitoring_objects
from panda_infra.plan.monitoring.receivers import FILE, NAME
from panda_infra.secrets.fields import fields
from tests.support import fast_yaml
from tests.support.stacks import stack

_MAIL = {
    "to": ["a@site.org", "b@site.org"],
    "sender": "panda@site.org",
    "server": "smtp.site.org:587",
    "user": "panda",
}
_SECRETS = {
    "hashKey": "x",
    "monitoring": {"webhookUrl": "https://chat.site.org/canary", "mailPassword": "canary-of-mail"},
}


def config(kind: str = "prometheusOperator", **receivers: Any) -> StackConfig:
    section = {"kind": kind, "labels": {"release": "prometheus"}, "receivers": receivers}
    return stack(secrets=_SECRETS, monitoring=section)


def content(given: StackConfig) -> dict[str, str]:
    made = receivers_secret(make_plan("demo", given), given.secrets.monitoring)
    return {key: b64decode(text).decode() for key, text in made.items()}


def test_the_operators_object_names_keys_of_the_secret() -> None:
    given = config(webhook=True, mail=_MAIL)
    (made,) = [
        each for each in monitoring_objects(make_plan("demo", given)) if each.kind == "AlertmanagerConfig"
    ]
    assert made.fields["metadata"]["labels"]["release"] == "prometheus"
    (receiver,) = made.fields["spec"]["receivers"]
    assert receiver["webhookConfigs"][0]["urlSecret"] == {"name": NAME, "key": "webhookUrl"}
    mail = receiver["emailConfigs"][0]
    assert mail["authPassword"] == {"name": NAME, "key": "mailPassword"}
    assert (mail["to"], mail["authUsername"], mail["requireTLS"]) == ("a@site.org, b@site.org", "panda", True)
    assert content(given) == {
        "webhookUrl": "https://chat.site.org/canary",
        "mailPassword": "canary-of-mail",
    }


def test_no_object_of_the_plan_has_a_secret() -> None:
    for kind in ("prometheusOperator", "annotations"):
        made = monitoring_objects(make_plan("demo", config(kind, webhook=True, mail=_MAIL)))
        assert "canary" not in repr(made)


def test_without_the_operator_the_secret_has_a_whole_configuration() -> None:
    made = content(config("annotations", webhook=True, mail=_MAIL))
    assert made.keys() == {FILE}
    whole = fast_yaml.load(made[FILE])
    (route,) = whole["route"]["routes"]
    assert route == {"matchers": ['stack="demo"'], "receiver": "stack"}
    nobody, receiver = whole["receivers"]
    assert (nobody, whole["route"]["receiver"]) == ({"name": "nobody"}, "nobody")
    assert receiver["webhook_configs"] == [{"url": "https://chat.site.org/canary", "send_resolved": True}]
    assert receiver["email_configs"][0]["auth_password"] == "canary-of-mail"


def test_what_nobody_uses_is_in_no_secret() -> None:
    assert content(config(webhook=True)) == {"webhookUrl": "https://chat.site.org/canary"}
    assert content(config(mail={**_MAIL, "user": None})) == {}
    assert content(stack(secrets=_SECRETS, monitoring={"kind": "annotations"})) == {}


def test_secrets_are_needed_by_those_who_use_them() -> None:
    def needed(given: StackConfig) -> set[str]:
        known = {"monitoring.webhookUrl", "monitoring.mailPassword"}
        return {field.key for field in fields(given) if field.key in known and field.is_required(given)}

    assert needed(config(webhook=True)) == {"monitoring.webhookUrl"}
    assert needed(config(mail=_MAIL)) == {"monitoring.mailPassword"}
    assert needed(config(mail={**_MAIL, "user": None})) == set()
    assert needed(stack()) == set()
