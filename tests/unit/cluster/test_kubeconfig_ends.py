"""A kubeconfig among the stack's secrets is reported before it ends: nobody renews it but the site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from panda_infra.cluster.existing import ends_soon
from panda_infra.config.cluster import ExistingCluster
from panda_infra.config.secrets import Secrets
from panda_infra.errors import Problem
from tests.support import fast_yaml
from tests.support.credentials import token

_NOW = datetime.now(UTC)


def kubeconfig(*users: str) -> str:
    names = [f"u{number}" for number in range(len(users))]
    return fast_yaml.dump(
        {
            "current-context": "u0",
            "contexts": [{"name": name, "context": {"cluster": "k", "user": name}} for name in names],
            "clusters": [{"name": "k", "cluster": {"server": "https://k.site.org"}}],
            "users": [
                {"name": name, "user": {"token": each}} for name, each in zip(names, users, strict=True)
            ],
        }
    )


def reported(text: str | None, context: str | None = None) -> list[Problem]:
    cluster = ExistingCluster.model_validate({"kind": "existing", "context": context})
    return ends_soon(
        "mine", cluster, Secrets.model_validate({"kubeconfig": text} if text else {}, strict=False)
    )


def test_a_near_end_is_reported_with_the_command_that_renews_it() -> None:
    (problem,) = reported(kubeconfig(token(_NOW + timedelta(days=5, hours=1))))
    assert problem.where == "secrets.kubeconfig"
    assert problem.what.startswith("expires in 5 days")
    assert "python -m panda_infra secrets set mine 'kubeconfig' --file PATH" in problem.fix


def test_the_context_of_the_stack_counts() -> None:
    text = kubeconfig(token(_NOW + timedelta(days=5)), token(_NOW + timedelta(days=300)))
    assert len(reported(text)) == len(reported(text, "u0")) == 1
    assert reported(text, "u1") == []


def test_what_lasts_says_nothing_or_leads_nowhere_is_not_reported() -> None:
    assert reported(kubeconfig(token(_NOW + timedelta(days=300)))) == []
    assert reported(kubeconfig("opaque")) == []
    assert reported("no kubeconfig") == []
    assert reported(None) == []
