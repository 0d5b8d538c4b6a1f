"""The secret values whose names are the same in every stack."""

from __future__ import annotations

from typing import Literal

from panda_infra.config.stack import StackConfig
from panda_infra.secrets.field import Field, Predicate
from panda_infra.secrets.limits import (
    BROKER,
    CONFIG,
    FLYWAY,
    HARVESTER,
    INI,
    PYTHON,
    SED,
    SHELL,
    SPRING,
    TOKEN,
    URL,
)

__all__ = ["BIGMON", "FIXED", "READ_BY_BIGMON"]


def _has(*components: str) -> Predicate:
    return lambda config: any(name in config.components.deployed() for name in components)


def _embedded(*places: tuple[str, str]) -> Predicate:
    """Whether one of these databases is switched on."""
    return lambda config: any(
        getattr(component, sub).enabled
        for name, sub in places
        if (component := config.components.deployed().get(name)) is not None
    )


def _long_lived_token(config: StackConfig) -> bool:
    # A stack whose own IAM issues tokens has none before IAM runs.
    return config.auth.internal is None and config.components.iam is None


def _own_user(component: Literal["bigmon", "ui"]) -> Predicate:
    def needed(config: StackConfig) -> bool:
        found = getattr(config.components, component)
        panda = config.components.panda
        own = found.settings.database.user if found else None
        return own is not None and not (panda and own == panda.settings.database.user)

    return needed


BIGMON = ("bigmon-envs",)
READ_BY_BIGMON = {"bigmon/main": PYTHON}

FIXED: tuple[Field, ...] = (
    Field(("hashKey",), "key of the hashes by which pods notice changed Secrets", "hash-key"),
    Field(
        ("kubeconfig",),
        "kubeconfig of the cluster, which `cluster.kubeconfig` does not name",
        "person",
        needed=lambda config: config.cluster.kind == "existing" and config.cluster.kubeconfig is None,
        is_file=True,
    ),
    Field(
        ("msgsvc", "basePassword"),
        "password of the broker's administrator, from which the accounts' are made",
        "password",
        ("msgsvc-envs", "panda-envs", "idds-envs"),
        {"msgsvc/activemq": BROKER, "panda/server": BROKER, "idds/rest": BROKER},
    ),
    Field(
        ("panda", "databasePassword"),
        "password of the user of PanDA's database",
        "password",
        ("panda-envs", "bigmon-envs", "ui-envs"),
        {"panda/postgres": SED, "panda/server": CONFIG, "panda/jedi": CONFIG, **READ_BY_BIGMON},
        replaced={"bigmon-envs": ("bigmon", "databasePassword"), "ui-envs": ("ui", "databasePassword")},
    ),
    Field(
        ("idds", "databasePassword"),
        "password of the user of iDDS' database",
        "password",
        ("idds-envs", "idds-db-envs", "bigmon-envs"),
        {"idds/rest": URL, **READ_BY_BIGMON},
        _has("idds"),
    ),
    Field(
        ("harvester", "databasePassword"),
        "password of the user of Harvester's database",
        "password",
        ("harvester-envs", "harvester-initdb"),
        {"harvester/harvester": HARVESTER},
    ),
    Field(
        ("harvester", "databaseRootPassword"),
        "password of the administrator of Harvester's embedded database",
        "password",
        ("harvester-envs",),
        needed=_embedded(("harvester", "mariadb")),
    ),
    Field(
        ("iam", "databasePassword"),
        "password of the user of IAM's database",
        "password",
        ("iam-envs", "iam-db-envs", "iam-initdb"),
        {"iam/main": SPRING, "iam-db/backup": SHELL},
    ),
    Field(
        ("iam", "databaseRootPassword"),
        "password of the administrator of IAM's embedded database",
        "password",
        ("iam-db-envs",),
        needed=_embedded(("iam", "mariadb"), ("iam-db", "mariadb")),
    ),
    Field(
        ("iam", "superuserPassword"),
        "first password of IAM's superuser",
        "password",
        ("iam-conf",),
        {"iam/main": FLYWAY},
        _has("iam"),
    ),
    Field(
        ("iam", "identityProviderSecret"),
        "secret of IAM's client at the identity provider",
        "person",
        ("iam-envs",),
        {"iam/main": SPRING},
        lambda config: bool(config.components.iam and config.components.iam.settings.identity_provider),
    ),
    Field(("iam", "keystore"), "keys with which IAM signs tokens", "keystore", ("iam-conf",), is_file=True),
    Field(("bigmon", "secretKey"), "Django's secret key of BigMon", "django-key", BIGMON, READ_BY_BIGMON),
    Field(
        ("bigmon", "databasePassword"),
        "password of BigMon's own user of PanDA's database",
        "person",
        BIGMON,
        READ_BY_BIGMON,
        _own_user("bigmon"),
    ),
    *(
        Field(("bigmon", key), title, "person", BIGMON, READ_BY_BIGMON, lambda _config: False)
        for key, title in (
            ("prodsysToken", "token of the production system"),
            ("elasticPassword", "password of Elasticsearch"),
            ("mailPassword", "password of the mail server"),
            ("grafanaToken", "token of Grafana"),
            ("openshiftToken", "token of OpenShift"),
        )
    ),
    Field(("ui", "secretKey"), "Django's secret key of the UI", "django-key", ("ui-envs",)),
    Field(
        ("ui", "clientSecret"),
        "secret of the UI's client in IAM",
        "person",
        ("ui-envs",),
        needed=lambda config: bool(config.components.ui and config.components.ui.settings.client_id),
    ),
    Field(
        ("ui", "databasePassword"),
        "password of the UI's own database user",
        "person",
        ("ui-envs",),
        needed=_own_user("ui"),
    ),
    Field(
        ("auth", "idToken"),
        "long-lived token for internal calls",
        "person",
        ("panda-envs", "idds-envs", "harvester-envs", "bigmon-envs"),
        dict.fromkeys(("panda/server", "idds/rest", "harvester/harvester", "bigmon/main"), TOKEN),
        _long_lived_token,
    ),
    Field(
        ("auth", "internalClientSecret"),
        "secret of the internal client",
        "person",
        ("panda-token-cache", "harvester-auth"),
        needed=lambda config: config.auth.internal is not None,
    ),
    Field(
        ("auth", "tokenCacheSecret"),
        "secret of the client that exchanges pilots' tokens",
        "person",
        ("panda-token-cache",),
        needed=lambda config: config.auth.token_cache is not None,
    ),
    Field(
        ("rucio", "password"),
        "password of the Rucio user",
        "person",
        ("panda-envs", "bigmon-envs"),
        {"panda/server": INI, "bigmon/main": INI},
        lambda config: config.rucio.host is not None and config.rucio.auth_type == "userpass",
    ),
    *(
        Field(
            ("objectStore", key),
            title,
            "person",
            BIGMON,
            READ_BY_BIGMON,
            lambda config: config.object_store is not None,
        )
        for key, title in (("accessKey", "access key of the object store"), ("secretKey", "its secret key"))
    ),
)
