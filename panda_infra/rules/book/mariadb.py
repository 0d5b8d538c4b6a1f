"""Rules about MariaDB by an operator: its archive has the changes, and the bucket can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from panda_infra.errors import Problem
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject

__all__ = ["bucket_is_reached", "changes_are_archived"]

_ENDPOINT = "mariadb.backup.endpoint"


@rule("mariadb")
def changes_are_archived(subject: Subject) -> Iterator[Problem]:
    """An archive needs replicas, because the operator archives the changes that a server sends to them."""
    section = subject.config.mariadb
    for component, settings in section.databases.items() if section and section.backup else ():
        if settings.instances == 1:
            what = "is 1, and of a single server the operator archives no changes"
            fix = "Write `instances: 2` or more, or remove `mariadb.backup`."
            yield Problem(f"mariadb.databases.{component}.instances", what, fix)


@rule("mariadb")
def bucket_is_reached(subject: Subject) -> Iterator[Problem]:
    """The operator takes a server by its name, and restores nothing from one with TLS without its authorities."""
    backup = subject.config.mariadb and subject.config.mariadb.backup
    if not backup:
        return
    server = urlsplit(backup.endpoint)
    if server.path.strip("/"):
        what = f"ends with {server.path}, and the operator takes the name of a server alone"
        yield Problem(_ENDPOINT, what, "Leave the path out; `folder` is for a folder of the bucket.")
    if server.scheme == "https" and backup.trust is None:
        what = "is missing: without authorities, the operator fails when it restores from a server with TLS"
        fix = f"Give the authorities that signed the certificate of {server.hostname}, as PEM."
        yield Problem("mariadb.backup.trust", what, fix)
    elif server.scheme == "http" and backup.trust:
        what = f"has no effect: `{_ENDPOINT}` has no certificate"
        yield Problem("mariadb.backup.trust", what, "Remove it, or write `https`.")
