"""Rules about the issuer of tokens, which clients of an exposed PanDA must be able to reach."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from panda_infra.config.paths import Path, spelled
from panda_infra.errors import Problem
from panda_infra.products.panda.auth import AuthSettings
from panda_infra.products.panda.components.bigmon.models import Bigmon
from panda_infra.products.panda.components.iam.models import Iam
from panda_infra.products.panda.components.idds import Idds
from panda_infra.products.panda.components.panda.models import Panda
from panda_infra.products.panda.components.ui import Ui
from panda_infra.products.rule import rule

if TYPE_CHECKING:
    from panda_infra.config.stack import StackConfig
    from panda_infra.rules.subject import Subject

__all__ = ["check", "is_known"]

_EXTERNAL = "https://panda-iam-doma.cern.ch"
_INSIDE = ("svc", "local", "localhost")


@rule("auth", "components", "hosts", "namespace")
def check(subject: Subject) -> Iterator[Problem]:
    """If a host is exposed, no issuer's address for clients may lead into the cluster."""
    config = subject.config
    outside = [host for host in config.hosts.exposed().values() if not host.endswith(".localhost")]
    if not outside:
        return
    if not _users_without_issuer(config):
        yield from _iam(config, outside[0])
    for path, url in _addresses(config):
        host = urlsplit(url).hostname or ""
        if _is_inside(host, config.namespace):
            what = (
                f"is {host}, which cannot be reached from outside of the cluster, although {outside[0]} is "
                "exposed there"
            )
            yield Problem(spelled(path), what, f"Write the address that clients use, e.g. {_EXTERNAL}.")


@rule("auth", "components")
def is_known(subject: Subject) -> Iterator[Problem]:
    """The stack must have an issuer for the tokens that its users log in with."""
    if used := _users_without_issuer(subject.config):
        what = f"is missing: the stack has {' and '.join(used)} but no IAM of its own"
        yield Problem("auth.issuer", what, f"Name the issuer, e.g. `issuer: {_EXTERNAL}`, or add iam.")


def _users_without_issuer(config: StackConfig) -> list[str]:
    auth, ui = config.of(AuthSettings), config.components.get(Ui)
    if config.components.get(Iam) or auth.issuer:
        return []
    users = {
        "OIDC clients": auth.clients or auth.internal or auth.token_cache,
        "the UI, where people log in,": ui and ui.settings.issuer is None,
    }
    return [user for user, is_there in users.items() if is_there]


def _iam(config: StackConfig, host: str) -> Iterator[Problem]:
    """A problem if IAM has no host, deployed or not: the issuer would then be the name of its Service."""
    iam = config.components.get(Iam)
    if config.of(AuthSettings).issuer or config.hosts.of("iam") or (iam and iam.settings.base_url):
        return
    service = config.names.workload("iam", "main")
    if iam is None:
        if config.components.get(Panda) or config.components.get(Idds):
            what = f"is missing: tokens would be issued by {service}, which this stack does not deploy"
            yield Problem("auth.issuer", what, f"Name the issuer, e.g. `issuer: {_EXTERNAL}`, or add iam.")
        return
    what = (
        f"is missing: tokens would be issued by {service}, which cannot be reached from "
        f"outside of the cluster, although {host} is exposed there"
    )
    fix = (
        f"Name the issuer, e.g. `issuer: {_EXTERNAL}`, and remove iam and iam-db if it takes their place; or expose "
        "IAM by `hosts: {iam: ...}`, or by a route of the site's own and components.iam.settings.baseUrl."
    )
    yield Problem("auth.issuer", what, fix)


def _addresses(config: StackConfig) -> Iterator[tuple[Path, str]]:
    """Each address of an issuer that clients or browsers use."""
    auth = config.of(AuthSettings)
    found: list[tuple[Path, str | None]] = [
        (("auth", "issuer"), auth.issuer),
        (("auth", "configUrl"), auth.config_url),
        *(
            (("auth", "clients", index, "configUrl"), each.config_url)
            for index, each in enumerate(auth.clients)
        ),
    ]
    if (iam := config.components.get(Iam)) and not auth.issuer:
        found.append((("components", "iam", "settings", "baseUrl"), iam.settings.base_url))
    if ui := config.components.get(Ui):
        found.append((("components", "ui", "settings", "issuer"), ui.settings.issuer))
    if bigmon := config.components.get(Bigmon):
        providers = bigmon.settings.providers
        where: Path = ("components", "bigmon", "settings", "providers")
        found += [((*where, name, "basePath"), each.base_path) for name, each in providers.items()]
    yield from ((path, url) for path, url in found if url)


def _is_inside(host: str, namespace: str) -> bool:
    """True if a host exists only in a cluster or machine: a local address, or a Service's name, short or long."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        labels = host.lower().split(".")
        return len(labels) == 1 or labels[-1] in _INSIDE or labels[1:] == [namespace]
    return address.is_loopback or address.is_unspecified or address.is_link_local
