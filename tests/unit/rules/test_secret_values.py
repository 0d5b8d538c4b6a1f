"""Values and settings that do not fit are reported, without the value."""

from __future__ import annotations

from typing import Any

import pytest

from panda_infra.config.stackfile import ENCRYPTED
from panda_infra.products.panda.components.msgsvc import MsgsvcSettings
from panda_infra.rules.judge import judge_given
from tests.unit.secrets.stacks import FULL, MINIMAL, config

_CHANNELS = [channel.model_dump() for channel in MsgsvcSettings().channels]


def reported(base: dict[str, Any], /, **sections: Any) -> dict[str, str]:
    document = {**base, "secrets": {}}
    return {
        problem.where: problem.what for problem in judge_given(config(document, **sections), stack="test")
    }


def settings(component: str, **values: Any) -> dict[str, Any]:
    return {"components": {component: {"settings": values}}}


@pytest.mark.parametrize("base", [MINIMAL, FULL])
def test_good_settings_have_no_problems(base: dict[str, Any]) -> None:
    assert reported(base) == {}


@pytest.mark.parametrize(
    ("sections", "where", "words"),
    [
        (
            {"secrets": {"auth": {"clientSecrets": {"Rubi": "x"}}}},
            "secrets.auth.clientSecrets.Rubi",
            "no entry",
        ),
        (
            {"secrets": {"bigmon": {"providerSecrets": {"google": "x"}}}},
            "secrets.bigmon.providerSecrets.google",
            "Google",
        ),
        ({"secrets": {"files": {"ui": {"a.bin": "base64:!"}}}}, 'secrets.files.ui["a.bin"]', "no base64"),
        ({"secrets": {"iam": {"keystore": "{}"}}}, "secrets.iam.keystore", "no JSON Web Key Set"),
        ({"secrets": {"auth": {"idToken": "a b"}}}, "secrets.auth.idToken", "no token has"),
        ({"experiment": "ctao", "cric": {"real": True}}, "cric.urls", "is missing"),
        ({"cric": {"real": False, "folder": "nowhere"}}, "cric.folder", "no folder nowhere"),
        ({"rucio": {"host": "rucio.site.org", "account": None}}, "rucio.account", "is missing"),
        ({"auth": {"vo": "other", "internal": None}}, "auth.vo", "none of the VOs in auth.clients"),
        (
            settings("iam", identityProvider=None, profiles=["oidc"]),
            "components.iam.settings.identityProvider",
            "oidc",
        ),
        (
            settings("panda", existingSecrets=["panda-nothing"]),
            "components.panda.settings.existingSecrets",
            "no Secret",
        ),
        (
            settings(
                "msgsvc", channels=[*_CHANNELS, {"name": "a", "writers": ["who"], "readers": ["panda"]}]
            ),
            f"components.msgsvc.settings.channels[{len(_CHANNELS)}].writers",
            "who is none of the broker's accounts",
        ),
        (
            settings("bigmon", deployment="ORACLE_DOMA"),
            "components.bigmon.settings.deployment",
            "of kind postgres",
        ),
        (
            settings("bigmon", extraApps=["core.iDDS", "core.oauth"]),
            "components.bigmon.settings.extraApps",
            "has core.oauth, which BigMon has anyway",
        ),
        (
            settings("harvester", database={"domainPerReplica": "site.org"}),
            "components.harvester.settings.database.domainPerReplica",
            "without `hostPerReplica`",
        ),
    ],
)
def test_what_does_not_fit_is_reported(sections: dict[str, Any], where: str, words: str) -> None:
    found = reported(FULL, **sections)
    assert list(found) == [where]
    assert words in found[where]


def test_a_client_twice_is_reported() -> None:
    client = {"name": "panda_dev", "clientId": "x"}
    assert (
        "more than one client" in reported(FULL, auth={"clients": [client, client]})["auth.clients[1].name"]
    )


def test_clients_need_an_issuer() -> None:
    stack = {
        **MINIMAL,
        "components": {"panda": {}},
        "auth": {"clients": [{"name": "panda_dev", "clientId": "x"}]},
    }
    assert "no IAM of its own" in reported(stack)["auth.issuer"]


def test_a_ui_needs_an_issuer() -> None:
    stack = {**MINIMAL, "components": {"panda": {}, "ui": {}}}
    assert "the UI, where people log in, but no IAM of its own" in reported(stack)["auth.issuer"]
    own = {"settings": {"issuer": "https://iam.site.org"}}
    assert "auth.issuer" not in reported({**stack, "components": {"panda": {}, "ui": own}})


def test_a_secret_of_somebody_else_must_be_read() -> None:
    stack = {**MINIMAL, "components": {"panda": {"settings": {"existingSecrets": ["panda-tls-certs"]}}}}
    assert "read by nothing" in reported(stack)["components.panda.settings.existingSecrets"]


def test_an_encrypted_value_is_not_judged() -> None:
    assert (
        reported(MINIMAL, secrets={"iam": {"keystore": ENCRYPTED}, "panda": {"databasePassword": ENCRYPTED}})
        == {}
    )


def test_files_fit_into_a_secret() -> None:
    found = reported(MINIMAL, secrets={"files": {"harvesterAuth": {"big.pem": "x" * 1_100_000}}})
    assert "more than the 1048576" in found["Secret harvester-auth"]
