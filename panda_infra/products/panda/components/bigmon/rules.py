"""Rules about BigMon's settings, the database, the stack's identity provider, and Django."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.errors import Problem
from panda_infra.products.panda.auth import AuthSettings
from panda_infra.products.panda.components.bigmon.contents import APPS, backend
from panda_infra.products.panda.components.bigmon.models import Bigmon, BigmonSettings
from panda_infra.products.panda.components.iam.models import Iam
from panda_infra.products.panda.context import Context
from panda_infra.products.rule import rule

if TYPE_CHECKING:
    from panda_infra.rules.subject import Subject

__all__ = ["applications_differ", "fits_its_database", "names_oracle_as_django_does"]

_WHERE = "components.bigmon.settings"


@rule("components", "auth")
def fits_its_database(subject: Subject) -> Iterator[Problem]:
    """The kind of installation must fit the database, and IAM as a provider must have an address."""
    config = subject.config
    bigmon = config.components.get(Bigmon)
    if bigmon is None:
        return
    kind, deployment = backend(Context(config)), bigmon.settings.deployment
    if deployment and (deployment == "POSTGRES") != (kind == "postgres"):
        what = f"is {deployment}, but the database is of kind {kind}"
        yield Problem(f"{_WHERE}.deployment", what, "Remove it: it is derived from the database.")
    provider = bigmon.settings.providers.get("indigoiam")
    if (
        provider
        and provider.base_path is None
        and config.components.get(Iam) is None
        and config.of(AuthSettings).issuer is None
    ):
        what = "is missing: the stack has no IAM of its own"
        yield Problem(f"{_WHERE}.providers.indigoiam.basePath", what, "Write the address of that IAM.")


@rule("components")
def applications_differ(subject: Subject) -> Iterator[Problem]:
    """Applications may not be listed twice, because Django does not start then."""
    twice = [app for app in _settings(subject).extra_apps if app in APPS]
    if twice:
        what = f"has {', '.join(twice)}, which BigMon has anyway: Django would not start with it twice"
        yield Problem(f"{_WHERE}.extraApps", what, f"Remove {', '.join(twice)}.")


@rule("components")
def names_oracle_as_django_does(subject: Subject) -> Iterator[Problem]:
    """Django needs an alias alone, or host, port and SID together (T11)."""
    database = _settings(subject).database
    if backend(Context(subject.config)) != "oracle":
        return
    if database.port is not None and not (database.name and database.host):
        what = "has no meaning without `name` and `host`: an alias names all three, and BigMon takes PanDA's"
        yield Problem(f"{_WHERE}.database.port", what, "Remove it, or give the SID as `name` and its `host`.")
    if database.name and database.host and database.port is None:
        what = "has no meaning beside `name` without `port`: the name alone would be taken for an alias"
        yield Problem(
            f"{_WHERE}.database.host", what, "Remove it, or give `port`, or only the alias as `host`."
        )


def _settings(subject: Subject) -> BigmonSettings:
    return subject.config.components.of(Bigmon).settings
