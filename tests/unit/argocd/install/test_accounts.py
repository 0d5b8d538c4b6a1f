"""Argo CD's Secrets: equal for equal values, and of no use to who guesses."""

from __future__ import annotations

import bcrypt
from hypothesis import given, settings
from hypothesis import strategies as st

from panda_infra.argocd.install.accounts import secret_contents
from panda_infra.config.argocd import ArgoCd, Login
from panda_infra.config.secrets import Secrets
from panda_infra.plan.argocd import ArgoCdPlan

_PLAN = ArgoCdPlan("argocd", "2.13.6", "argocd-doma.cern.ch", None)
_ARGOCD = ArgoCd(version="2.13.6")
_VALUES = {
    "adminPassword": "of-the-admin",
    "readerPassword": "of-the-reader",
    "sessionKey": "0123abcd",
    "redisPassword": "of-the-cache",
    "clientSecret": "of-the-client",
}


def secrets(**values: str) -> Secrets:
    certificate = {"certificate": "CERTIFICATE", "key": "KEY", "chain": "CHAIN"}
    document = {"argocd": {**_VALUES, **values}, "certificates": {"argocd": certificate}}
    return Secrets.model_validate(document, strict=False)


def own(argocd: ArgoCd = _ARGOCD, **values: str) -> dict[str, bytes]:
    return dict(secret_contents(_PLAN, argocd, secrets(**values))[0].data)


def test_argo_cd_accepts_the_passwords() -> None:
    data = own()
    assert bcrypt.checkpw(b"of-the-admin", data["admin.password"])
    assert bcrypt.checkpw(b"of-the-reader", data["accounts.reader.password"])
    assert not bcrypt.checkpw(b"of-the-reader", data["admin.password"])
    assert data["admin.passwordMtime"] == b"2000-01-01T00:00:00Z"


def test_nothing_changes_until_a_value_does() -> None:
    assert own() == own()


@settings(max_examples=10, deadline=None)
@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=40))
def test_any_password_gives_a_hash_that_fits_it(password: str) -> None:
    assert bcrypt.checkpw(password.encode(), own(adminPassword=password)["admin.password"])


def test_equal_passwords_of_two_stacks_or_accounts_have_different_hashes() -> None:
    same = own(readerPassword="of-the-admin")
    other = own(sessionKey="another")
    assert len({same["admin.password"], same["accounts.reader.password"], other["admin.password"]}) == 3


def test_another_password_ends_all_sessions() -> None:
    keys = [
        own(_ARGOCD, **values)["server.secretkey"]
        for values in ({}, {"adminPassword": "new"}, {"readerPassword": "new"})
    ]
    assert len(set(keys)) == 3
    assert _VALUES["sessionKey"].encode() not in b"".join(keys)


def test_with_a_log_in_at_the_issuer_there_is_no_password() -> None:
    login = ArgoCd(version="2.13.6", login=Login(client_id="argocd"), operators=("admins",))
    data = own(login)
    assert data.keys() == {"server.secretkey", "oidc.clientSecret"}
    assert data["oidc.clientSecret"] == b"of-the-client"


def test_the_ingress_has_the_certificate_with_its_chain() -> None:
    by_name = {content.suffix: content for content in secret_contents(_PLAN, _ARGOCD, secrets())}
    assert by_name["argocd-tls"].type == "kubernetes.io/tls"
    assert dict(by_name["argocd-tls"].data) == {"tls.crt": b"CERTIFICATE\nCHAIN\n", "tls.key": b"KEY\n"}
    assert dict(by_name["argocd-redis"].data) == {"auth": b"of-the-cache"}


def test_without_a_host_there_is_no_certificate() -> None:
    found = secret_contents(ArgoCdPlan("argocd", "2.13.6", None, None), _ARGOCD, secrets())
    assert [content.suffix for content in found] == ["argocd-secret", "argocd-redis"]
