"""Rule about node recovery: Nova must have an address if it is asked."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]


@rule("nodeRecovery")
def check(subject: Subject) -> Iterator[Problem]:
    """Nova needs Keystone's address; without Nova, no key may suggest that it is asked."""
    settings = subject.config.node_recovery
    if settings is None:
        return
    if settings.confirm == "nova":
        if settings.auth_url is None:
            what = "is missing: Nova is found by Keystone"
            yield Problem("nodeRecovery.authUrl", what, "Write e.g. `authUrl: https://keystone.cern.ch/v3`.")
        return
    for key, value in (("authUrl", settings.auth_url), ("region", settings.region)):
        if value:
            what = "has no effect: with `confirm: none` Nova is not asked"
            yield Problem(f"nodeRecovery.{key}", what, "Remove it, or write `confirm: nova`.")
