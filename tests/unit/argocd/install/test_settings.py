"""The ConfigMaps and the Ingress that upstream's guide has a person write."""

from __future__ import annotations

import json

from panda_infra.argocd.install.settings import config_maps, ingress
from panda_infra.config.argocd import ArgoCd, Login
from panda_infra.config.delivery import Exposure
from panda_infra.plan.argocd import ArgoCdPlan

_PLAN = ArgoCdPlan("argocd", "2.13.6", "argocd-doma.cern.ch", None)
_AT_IAM = ArgoCdPlan("argocd", "2.13.6", "argocd-doma.cern.ch", "https://iam.cern.ch/")


def test_local_accounts_are_an_administrator_and_a_reader() -> None:
    data = config_maps(_PLAN, ArgoCd(version="2.13.6"))
    assert data["argocd-cm"] == {
        "application.resourceTrackingMethod": "annotation",
        "url": "https://argocd-doma.cern.ch",
        "accounts.reader": "login",
    }
    assert data["argocd-rbac-cm"] == {"policy.default": "role:readonly"}
    assert data["argocd-cmd-params-cm"] == {"server.insecure": "true"}


def test_a_log_in_at_the_issuer_switches_the_administrator_off() -> None:
    login = Login(client_id="argocd", groups_claim="wlcg.groups")
    data = config_maps(
        _AT_IAM, ArgoCd(version="2.13.6", login=login, operators=("panda/operators", "doma admins"))
    )
    assert data["argocd-cm"]["admin.enabled"] == "false"
    assert "accounts.reader" not in data["argocd-cm"]
    oidc = json.loads(data["argocd-cm"]["oidc.config"])
    assert oidc["issuer"] == "https://iam.cern.ch/"
    assert oidc["clientID"] == "argocd"
    assert oidc["clientSecret"] == "$oidc.clientSecret"
    assert oidc["enableUserInfoGroups"] is True
    assert oidc["issuer"] + oidc["userInfoPath"] == "https://iam.cern.ch/userinfo"
    assert data["argocd-rbac-cm"] == {
        "policy.default": "role:readonly",
        "policy.csv": "g, panda/operators, role:admin\ng, doma admins, role:admin\n",
        "scopes": '["wlcg.groups"]',
    }


def test_groups_in_the_token_need_no_second_question() -> None:
    login = Login(client_id="argocd", groups_in="token")
    data = config_maps(_AT_IAM, ArgoCd(version="2.13.6", login=login, operators=("admins",)))
    assert "enableUserInfoGroups" not in json.loads(data["argocd-cm"]["oidc.config"])


def test_without_a_host_there_is_no_address() -> None:
    data = config_maps(ArgoCdPlan("argocd", "2.13.6", None, None), ArgoCd(version="2.13.6"))
    assert "url" not in data["argocd-cm"]


def test_tls_ends_at_the_ingress() -> None:
    made = ingress("argocd-doma.cern.ch", Exposure(annotations={"a.b/c": "1"}))
    assert made["metadata"]["annotations"] == {
        "nginx.ingress.kubernetes.io/backend-protocol": "HTTP",
        "a.b/c": "1",
    }
    assert made["spec"]["ingressClassName"] == "nginx"
    assert made["spec"]["tls"] == [{"hosts": ["argocd-doma.cern.ch"], "secretName": "argocd-tls"}]
    (rule,) = made["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "argocd-server", "port": {"number": 80}}
