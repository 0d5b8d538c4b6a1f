"""Harvester's identity and the endpoint of its tokens are ones that it takes."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.rules.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.secrets.harvester import TOKEN_ENDPOINT
from panda_infra.secrets.limits import reads_otherwise

__all__ = ["check", "endpoint"]


@rule("components")
def check(subject: Subject) -> Iterator[Problem]:
    """It is neither a number nor a word of Python."""
    harvester = subject.config.components.harvester
    if harvester and reads_otherwise(harvester.settings.harvester_id or ""):
        what = "is read as a number or a word of Python by Harvester's configuration"
        yield Problem("components.harvester.settings.harvesterId", what, "Put a letter before it.")


@rule("components", "auth")
def endpoint(subject: Subject) -> Iterator[Problem]:
    """Harvester makes the endpoint of the issuer by itself (T16)."""
    auth = subject.config.auth
    if auth.internal is None or subject.config.components.harvester is None:
        return
    own = auth.internal.token_endpoint
    given = own or auth.token_endpoint
    if given and not given.endswith(TOKEN_ENDPOINT):
        where = "auth.internal.tokenEndpoint" if own else "auth.tokenEndpoint"
        what = f"does not end with {TOKEN_ENDPOINT}, which Harvester appends to the issuer of its tokens"
        yield Problem(where, what, "Name an endpoint that does, e.g. https://panda-iam-doma.cern.ch/token.")
