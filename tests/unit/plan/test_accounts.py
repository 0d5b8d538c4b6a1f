"""The accounts of pods whose chart would mount the token of the API."""

from __future__ import annotations

from panda_infra.plan.accounts import account, accounts
from panda_infra.plan.footprint import names_inside
from panda_infra.plan.make import make_plan
from tests.support import ctao, stacks

_SECRETS = {"hashKey": "0123456789abcdef0123456789abcdef"}


def test_pods_of_rucios_charts_get_accounts_without_a_token() -> None:
    """C43: their charts take the namespace's account `default`, with its token, unless a value names another one."""
    plan = make_plan("ctao", ctao.stack(affix="-dev", secrets=_SECRETS))
    made = accounts(plan)
    assert made == ("ctao-dev-rucio", "ctao-dev-rucio-daemons")
    used = [plan.release(component).values["serviceAccountName"] for component in ("rucio", "rucio-daemons")]
    assert used == list(made)
    assert set(made) <= names_inside(plan)
    assert account(plan, "ctao-dev-rucio") == {
        "metadata": {"name": "ctao-dev-rucio", "namespace": "ctao", "annotations": plan.owner.mark},
        "automountServiceAccountToken": False,
    }


def test_other_components_get_none() -> None:
    assert accounts(make_plan("demo", stacks.stack())) == ()
