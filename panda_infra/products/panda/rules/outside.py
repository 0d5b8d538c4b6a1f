"""Rules about services outside the stack: OIDC clients, Rucio, CRIC, proxies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.config.messages import set_secret
from panda_infra.config.paths import spelled
from panda_infra.errors import Problem
from panda_infra.products.panda.auth import AuthSettings
from panda_infra.products.panda.cric import CricSettings, asked
from panda_infra.products.panda.cric_lists import check_folder
from panda_infra.products.panda.proxy import ProxySettings
from panda_infra.products.panda.rucio import RucioSettings
from panda_infra.products.rule import WHOLE, rule

if TYPE_CHECKING:
    from panda_infra.config.stack import StackConfig
    from panda_infra.rules.subject import Subject

__all__ = ["check", "has_the_files_of_cric"]

_NO_EFFECT = "Remove it, or add `{}`."


@rule("auth", "rucio", "cric", "proxy", "secrets")
def check(subject: Subject) -> Iterator[Problem]:
    """Settings and secrets must fit together, and each must have an effect."""
    config = subject.config
    yield from _clients(config)
    yield from _rucio(config, subject.stack)
    yield from _cric(config)
    proxy = config.of(ProxySettings)
    if proxy.no_proxy and not (proxy.http_proxy or proxy.https_proxy):
        what = "has no effect without a proxy"
        yield Problem("proxy.noProxy", what, _NO_EFFECT.format("httpProxy: http://...:3128"))


def _clients(config: StackConfig) -> Iterator[Problem]:
    auth = config.of(AuthSettings)
    names = [client.name for client in auth.clients]
    for index, client in enumerate(auth.clients):
        if names[:index].count(client.name) == 1:
            what = f"more than one client is named {client.name}"
            yield Problem(f"auth.clients[{index}].name", what, "Keep one client for each VO.")
    if auth.internal and f"{auth.vo}.internal" in names:
        what = f"{auth.vo}.internal is the name of the internal client, which the program adds itself"
        yield Problem("auth.clients", what, "Remove it from the list.")
    if auth.clients and auth.internal is None and auth.vo not in names:
        what = f"{auth.vo} is none of the VOs in auth.clients, so the PanDA server would refuse the services"
        yield Problem(
            "auth.vo", what, f"Name one of {', '.join(dict.fromkeys(names))}, or add it to auth.clients."
        )


def _rucio(config: StackConfig, stack: str) -> Iterator[Problem]:
    rucio = config.of(RucioSettings)
    given = rucio.model_dump(by_alias=True, exclude_unset=True)
    if rucio.host is None:
        for key in given:
            what = "has no effect: no Rucio server is named"
            yield Problem(f"rucio.{key}", what, _NO_EFFECT.format("host: rucio.cern.ch:443"))
        return
    if rucio.account is None:
        what = "is missing: a Rucio host is given"
        yield Problem("rucio.account", what, "Add it, e.g. `account: panda`.")
    if rucio.auth_type != "oidc":
        for key in given:
            if key.startswith("oidc"):
                what = f"has no effect with authType {rucio.auth_type}"
                yield Problem(f"rucio.{key}", what, _NO_EFFECT.format("authType: oidc"))
    if rucio.auth_type == "x509_proxy" and rucio.proxy not in config.secrets.files.of("panda"):
        key = spelled(("files", "panda", rucio.proxy))
        what = "is missing: Rucio is asked with this proxy"
        fix = f"Run `{set_secret(stack, key)} --file FILE`."
        yield Problem(f"secrets.{key}", what, fix, awaits_site=True)


def _cric(config: StackConfig) -> Iterator[Problem]:
    cric = config.of(CricSettings)
    if cric.real and asked(config) is None:
        what = "is missing: CRIC is asked itself (`real: true`)"
        fix = "Add `urls: {sites: ..., pandaQueues: ..., ddmEndpoints: ...}`, or write `real: false`."
        yield Problem("cric.urls", what, fix)
    if cric.urls is not None and asked(config) is None:
        what = "has no effect: JSON files are used instead of CRIC (`real: false`)"
        yield Problem("cric.urls", what, "Write `real: true`, or remove it.")


@rule(WHOLE)
def has_the_files_of_cric(subject: Subject) -> Iterator[Problem]:
    """The folder of CRIC's files must contain each list that the server reads, if the stack reads lists at all."""
    if "cric-jsons" in subject.readers and "cric-jsons" not in subject.existing_secrets:
        yield from check_folder(subject.folder / subject.config.of(CricSettings).folder)
