"""Every secret value that a stack can have: what for, where from, and which Secrets it ends up in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, SecretStr

from panda_infra.catalog.experiments import EXPERIMENTS
from panda_infra.config.messages import set_secret
from panda_infra.config.paths import Path, spelled
from panda_infra.config.secrets import Secrets
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.plan.consumers import Reader, existing_secrets, readers
from panda_infra.secrets.limits import BROKER, INI, PYTHON, SED, SHELL, SPRING, TOKEN, URL, Limit

__all__ = [
    "Field",
    "Origin",
    "fields",
    "missing",
    "missing_problems",
    "required",
    "value_of",
]

Origin = Literal["password", "django-key", "hash-key", "keystore", "person"]
Predicate = Callable[[StackConfig], bool]


@dataclass(frozen=True)
class Field:
    """A secret value.

    ``path`` is its place below ``secrets`` of the stack file and ``title`` what it is. ``origin`` tells how a new one
    is made; ``person`` means that only somebody at the site knows it. ``suffixes`` are the Secrets that it is part
    of. ``limits`` maps a reader to what that cannot take. ``needed`` narrows when a stack that has one of those
    Secrets cannot do without. ``is_file`` values are files, whose bytes no reader changes.
    """

    path: Path
    title: str
    origin: Origin
    suffixes: tuple[str, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    needed: Predicate = lambda _config: True
    is_file: bool = False
    # Another value, by its path, that a Secret takes instead of this one when it is set.
    replaced: Mapping[str, Path] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The path as the command line takes it, e.g. ``panda.databasePassword``."""
        return spelled(self.path)

    def reaches(self, config: StackConfig) -> dict[str, tuple[Reader, ...]]:
        """The Secrets of this stack that hold the value, with their readers."""
        read = readers(config)
        return {
            suffix: read[suffix]
            for suffix in self.suffixes
            if suffix in read and not self._replaced(config, suffix)
        }

    def is_required(self, config: StackConfig) -> bool:
        """Whether the stack cannot do without; what only fills Secrets that somebody else provides is not."""
        own = self.reaches(config).keys() - existing_secrets(config).keys()
        return bool(own or not self.suffixes) and self.needed(config)

    def _replaced(self, config: StackConfig, suffix: str) -> bool:
        return suffix in self.replaced and value_of(config.secrets, self.replaced[suffix]) is not None


def fields(config: StackConfig) -> tuple[Field, ...]:
    """Every secret value that this stack could have."""
    return (*_FIXED, *_of_clients(config), *_of_providers(config), *_of_files(config), *_of_certificates())


def required(config: StackConfig) -> list[Field]:
    """The values that this stack cannot do without."""
    return [each for each in fields(config) if each.is_required(config)]


def missing(config: StackConfig) -> list[Field]:
    """The required values that are not set."""
    return [each for each in required(config) if value_of(config.secrets, each.path) is None]


def missing_problems(config: StackConfig, *, stack: str) -> list[Problem]:
    """Each missing value with the command that sets it."""
    return [
        Problem(f"secrets.{each.key}", f"is missing: {each.title}", f"Run `{set_secret(stack, each.key)}`.")
        for each in missing(config)
    ]


def value_of(secrets: Secrets, path: Path) -> SecretStr | None:
    """The value at a path below ``secrets``; None when it is not set or empty."""
    here: object = secrets
    for part in path:
        if isinstance(here, BaseModel):
            aliases = {info.alias or name: name for name, info in type(here).model_fields.items()}
            here = getattr(here, aliases[str(part)])
        elif isinstance(here, Mapping):
            here = here.get(part)
    return here if isinstance(here, SecretStr) and here.get_secret_value() else None


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


_BIGMON = ("bigmon-envs",)
_READ_BY_BIGMON = {"bigmon/main": PYTHON}

_FIXED: tuple[Field, ...] = (
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
        {"panda/postgres": SED, **_READ_BY_BIGMON},
        replaced={"bigmon-envs": ("bigmon", "databasePassword"), "ui-envs": ("ui", "databasePassword")},
    ),
    Field(
        ("idds", "databasePassword"),
        "password of the user of iDDS' database",
        "password",
        ("idds-envs", "idds-db-envs", "bigmon-envs"),
        {"idds/rest": URL, **_READ_BY_BIGMON},
        _has("idds"),
    ),
    Field(
        ("harvester", "databasePassword"),
        "password of the user of Harvester's database",
        "password",
        ("harvester-envs", "harvester-initdb"),
        {"harvester/harvester": SHELL},
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
        ("iam-envs",),
        {"iam/main": SPRING},
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
    Field(("bigmon", "secretKey"), "Django's secret key of BigMon", "django-key", _BIGMON, _READ_BY_BIGMON),
    Field(
        ("bigmon", "databasePassword"),
        "password of BigMon's own user of PanDA's database",
        "person",
        _BIGMON,
        _READ_BY_BIGMON,
        _own_user("bigmon"),
    ),
    *(
        Field(("bigmon", key), title, "person", _BIGMON, _READ_BY_BIGMON, lambda _config: False)
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
            _BIGMON,
            _READ_BY_BIGMON,
            lambda config: config.object_store is not None,
        )
        for key, title in (("accessKey", "access key of the object store"), ("secretKey", "its secret key"))
    ),
)


def _of_clients(config: StackConfig) -> Iterator[Field]:
    for client in config.auth.clients:
        yield Field(
            ("auth", "clientSecrets", client.name),
            f"secret of the client of {client.name}, which the PanDA server shows to the world",
            "person",
            ("panda-auth", "idds-auth"),
            {"idds/rest": INI},
            lambda _config: False,
        )


def _of_providers(config: StackConfig) -> Iterator[Field]:
    bigmon = config.components.bigmon
    for name in bigmon.settings.providers if bigmon else ():
        title = f"secret of BigMon's client at {name}"
        yield Field(("bigmon", "providerSecrets", name), title, "person", _BIGMON, _READ_BY_BIGMON)


def _of_files(config: StackConfig) -> Iterator[Field]:
    expected: dict[str, tuple[str, ...]] = {"harvesterAuth": EXPERIMENTS[config.experiment].auth_files}
    if config.rucio.auth_type == "x509_proxy":
        expected["panda"] = (config.rucio.proxy,)
    for name, info in type(config.secrets.files).model_fields.items():
        owner = str(info.alias)
        given: Mapping[str, SecretStr] = getattr(config.secrets.files, name)
        suffixes = ("harvester-auth",) if owner == "harvesterAuth" else (f"{owner}-certs",)
        for file in dict.fromkeys((*expected.get(owner, ()), *given)):
            more = ("bigmon-certs",) if owner == "panda" and file.endswith(".proxy") else ()
            title = f"file {file} of {owner}"
            yield Field(("files", owner, file), title, "person", (*suffixes, *more), is_file=True)


def _of_certificates() -> Iterator[Field]:
    for owner in ("panda", "bigmon", "idds", "harvester", "ui", "iam"):
        # Harvester's Ingress names BigMon's Secret.
        suffixes = (f"{owner}-certs",) if owner == "harvester" else (f"{owner}-certs", f"{owner}-tls-certs")
        for part, title in (("certificate", "host certificate"), ("key", "key of the host certificate")):
            path = ("certificates", owner, part)
            yield Field(
                path,
                f"{title} of {owner}",
                "person",
                suffixes,
                needed=_certificate_needed(owner),
                is_file=True,
            )
        path, title = ("certificates", owner, "chain"), f"issuers of the host certificate of {owner}"
        yield Field(path, title, "person", suffixes, needed=lambda _config: False, is_file=True)


def _certificate_needed(owner: str) -> Predicate:
    """An exposed host needs one, and so do the two images that make none for themselves."""

    def needed(config: StackConfig) -> bool:
        return owner in ("harvester", "ui") or f"{owner}-tls-certs" in readers(config)

    return needed
