"""BigMon's settings fit the database and the identity provider of the stack."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.errors import Problem
from panda_infra.rules.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["check"]


@rule("components", "auth")
def check(subject: Subject) -> Iterator[Problem]:
    """The kind of installation is that of the database, and IAM as a provider has an address."""
    config = subject.config
    bigmon = config.components.bigmon
    if bigmon is None:
        return
    where = "components.bigmon.settings"
    backend = bigmon.settings.database.backend
    if backend is None and config.components.panda:
        backend = config.components.panda.settings.database.backend
    deployment = bigmon.settings.deployment
    if deployment and backend and (deployment == "POSTGRES") != (backend == "postgres"):
        what = f"is {deployment}, but the database is of kind {backend}"
        yield Problem(f"{where}.deployment", what, "Remove it: it is derived from the database.")
    provider = bigmon.settings.providers.get("indigoiam")
    if (
        provider
        and provider.base_path is None
        and config.components.iam is None
        and config.auth.issuer is None
    ):
        what = "is missing: the stack has no IAM of its own"
        yield Problem(f"{where}.providers.indigoiam.basePath", what, "Write the address of that IAM.")
