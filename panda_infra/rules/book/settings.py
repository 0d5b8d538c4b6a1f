"""Whether the settings behind the Secrets fit together, and say what nobody could derive."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.catalog.experiments import EXPERIMENTS
from panda_infra.config.messages import set_secret
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.secrets.limits import reads_otherwise

__all__ = ["check_settings", "setting_warnings"]

# Accounts with which the pods log in, by the component that does.
_ACCOUNTS = {"panda": ("panda", "jedi"), "idds": ("idds",)}
_PER_REPLICA = ("lsst", "lsst_prod")


def check_settings(config: StackConfig) -> list[Problem]:
    """Every contradiction and gap."""
    return [
        *_broker(config),
        *_tokens(config),
        *_rucio(config),
        *_cric(config),
        *_iam(config),
        *_harvester(config),
        *_bigmon(config),
    ]


def setting_warnings(config: StackConfig, *, stack: str) -> list[Problem]:
    """What upstream's charts cannot do with settings that are right by themselves."""
    return [*_clients(config), *_short_lived_tokens(config, stack)]


def _clients(config: StackConfig) -> Iterator[Problem]:
    served = [name for name in ("panda", "idds") if name in config.components.deployed()]
    # On a test bed nobody submits anything.
    if served and not config.auth.clients and config.experiment != "local":
        what = f"is empty: {' and '.join(served)} would take no token of anybody"
        fix = "Add a VO and its client, e.g. `clients: [{name: panda_dev, clientId: ...}]`."
        yield Problem("auth.clients", what, fix)


def _short_lived_tokens(config: StackConfig, stack: str) -> Iterator[Problem]:
    if config.auth.internal is None:
        return
    left = [name for name in ("panda", "idds", "bigmon") if name in config.components.deployed()]
    if left and config.secrets.auth.id_token is None:
        what = f"is not used by {', '.join(left)} between PanDA and iDDS: there only the long-lived token is (T16)"
        yield Problem(
            "auth.internal", what, f"Run `{set_secret(stack, 'auth.idToken')}` if they get refused."
        )
    if config.components.harvester and EXPERIMENTS[config.experiment].harvester in ("atlas", "doma"):
        what = f"is not used by Harvester with the configuration of {config.experiment}, which has its own files (T16)"
        yield Problem("auth.internal", what, "Nothing to do when Harvester's own token files are set.")


def _broker(config: StackConfig) -> Iterator[Problem]:
    if config.components.msgsvc is None:
        return
    settings = config.components.msgsvc.settings
    where = "components.msgsvc.settings"
    for name in config.components.deployed():
        for account in _ACCOUNTS.get(name, ()):
            if account not in settings.accounts:
                what = f"lacks {account}, with which {name} logs in"
                yield Problem(f"{where}.accounts", what, f"Add {account}.")
    for channel in settings.channels:
        for account in dict.fromkeys((*channel.writers, *channel.readers)):
            if account not in settings.accounts:
                what = f"{channel.name} names {account}, which is no account"
                yield Problem(f"{where}.channels", what, f"Add {account} to {where}.accounts, or correct it.")


def _tokens(config: StackConfig) -> Iterator[Problem]:
    auth = config.auth
    ui = config.components.ui
    users = {
        "OIDC clients": auth.clients or auth.internal or auth.token_cache,
        "the UI, where people log in,": ui and ui.settings.issuer is None,
    }
    used = [user for user, is_there in users.items() if is_there]
    if used and config.components.iam is None and auth.issuer is None:
        what = f"is missing: the stack has {' and '.join(used)} but no IAM of its own"
        yield Problem("auth.issuer", what, "Write e.g. `issuer: https://panda-iam-doma.cern.ch`.")
    names = [client.name for client in auth.clients]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem("auth.clients", f"has {name} more than once", "Keep one of them.")
    if names and auth.internal is None and auth.vo not in names:
        what = f"is {auth.vo}, which is none of auth.clients ({', '.join(names)})"
        yield Problem(
            "auth.vo", what, f"Name one of them, e.g. `vo: {names[0]}`, or add a client of that name."
        )


def _rucio(config: StackConfig) -> Iterator[Problem]:
    if config.rucio.host is not None and config.rucio.account is None:
        yield Problem("rucio.account", "is missing: a Rucio host is given", "Write e.g. `account: panda`.")


def _cric(config: StackConfig) -> Iterator[Problem]:
    if config.cric.real and config.cric_urls is None:
        what = "is missing, and `cric.real` is true"
        fix = "Write `urls: {}` for the data lake's CRIC, name others there, or set `real: false` and use files."
        yield Problem("cric.urls", what, fix)


def _iam(config: StackConfig) -> Iterator[Problem]:
    iam = config.components.iam
    if iam and "oidc" in iam.settings.profiles and iam.settings.identity_provider is None:
        what = "is missing, and the profile oidc needs it"
        fix = "Give it, e.g. `identityProvider: {clientId: ...}`, or remove oidc from `profiles`."
        yield Problem("components.iam.settings.identityProvider", what, fix)


def _harvester(config: StackConfig) -> Iterator[Problem]:
    harvester = config.components.harvester
    if harvester is None:
        return
    if reads_otherwise(harvester.settings.harvester_id or ""):
        what = "is read as a number or a word of Python by Harvester's configuration"
        yield Problem("components.harvester.settings.harvesterId", what, "Put a letter before it.")
    database, where = harvester.settings.database, "components.harvester.settings.database"
    per_replica = {
        "databasePerReplica": database.database_per_replica,
        "hostPerReplica": database.host_per_replica,
    }
    for key, value in per_replica.items():
        if value and EXPERIMENTS[config.experiment].harvester not in _PER_REPLICA:
            what = "is read only by the start scripts of the experiments lsst and lsst-prod"
            yield Problem(f"{where}.{key}", what, "Remove it.")
    if database.domain_per_replica and not database.host_per_replica:
        what = "has no meaning without hostPerReplica"
        yield Problem(f"{where}.domainPerReplica", what, "Remove it, or give hostPerReplica.")


def _bigmon(config: StackConfig) -> Iterator[Problem]:
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
