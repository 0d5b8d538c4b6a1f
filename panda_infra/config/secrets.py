"""The encrypted values of a stack: no other section may contain a secret.

A file is given as its text, or, if that is not UTF-8, as `base64:` followed by its base64.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar

from pydantic import Field, SecretStr

from panda_infra.config.argocd import ArgoCd
from panda_infra.config.backup import BackupSecrets
from panda_infra.config.base import Form, Model, with_fields
from panda_infra.config.certificates import AuthoritySecret
from panda_infra.config.mariadb import MariaDbSecrets
from panda_infra.config.monitoring import MonitoringSecrets
from panda_infra.config.node_recovery_secrets import NodeRecoverySecrets
from panda_infra.config.postgres import PostgresSecrets
from panda_infra.config.registry import RegistrySecrets
from panda_infra.products.model import Predicate
from panda_infra.products.registry import COMPONENTS, PRODUCTS
from panda_infra.products.secret_values import SecretValue, never, new_hash_key, password

__all__ = ["ArgoCdSecrets", "Certificate", "Certificates", "Files", "Secrets"]

Section = TypeVar("Section", bound=Model)
# Kubernetes' limits for a key of a Secret.
FileName = Annotated[
    str,
    Form(
        r"[A-Za-z0-9_-][A-Za-z0-9._-]*", "a plain file name", "token_harvester-doma_pilot.json", longest=253
    ),
]


class Certificate(Model):
    """A host certificate as PEM; `secrets set --file` also takes a p12."""

    certificate: SecretStr | None = None
    """The host's certificate."""
    key: SecretStr | None = None
    """Its private key, unencrypted."""
    chain: SecretStr | None = None
    """Certificates of its issuers, the nearest first; none when the host's is self-signed."""


@with_fields(
    {
        spec.attribute: (Certificate, Field(default=Certificate(), description=spec.certificate.about))
        for spec in COMPONENTS.values()
        if spec.certificate
    }
)
class Certificates(Model):
    """The certificate of each component's hosts."""

    argocd: Certificate = Certificate()
    """Of Argo CD's host."""

    def of(self, owner: str) -> Certificate:
        """The certificate of a component."""
        found: Certificate = getattr(self, owner.replace("-", "_"))
        return found


@with_fields(
    {
        group.key: (dict[FileName, SecretStr], Field(default={}, description=group.about))
        for spec in COMPONENTS.values()
        for group in spec.files
    }
)
class Files(Model):
    """More files for components, by file name."""

    def of(self, group: str) -> Mapping[str, SecretStr]:
        """The files of a group."""
        found: Mapping[str, SecretStr] = getattr(self, group)
        return found


def _installs_argocd(which: Callable[[ArgoCd], bool]) -> Predicate:
    """True for a stack that installs an Argo CD, if ``which`` is true for it."""
    return lambda config: config.argocd is not None and not config.argocd.existing and which(config.argocd)


_ENDS_SESSIONS = "the next up ends every session at Argo CD"
_ANY = _installs_argocd(lambda _argocd: True)
_WITH_ACCOUNTS = _installs_argocd(lambda argocd: argocd.login is None)
_WITH_CLIENT = _installs_argocd(lambda argocd: argocd.login is not None)


class ArgoCdSecrets(Model):
    """Argo CD's passwords and keys."""

    admin_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of Argo CD's account admin",
            make=password,
            needed=_WITH_ACCOUNTS,
            consequence=_ENDS_SESSIONS,
        ),
    ] = None
    """Password of the account `admin`, which may do everything."""
    reader_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of Argo CD's account reader",
            make=password,
            needed=_WITH_ACCOUNTS,
            consequence=_ENDS_SESSIONS,
        ),
    ] = None
    """Password of the account `reader`, which may only read."""
    client_secret: Annotated[
        SecretStr | None,
        SecretValue(title="secret of Argo CD's client at the issuer", needed=_WITH_CLIENT),
    ] = None
    """Secret of the client `argocd.login.clientId`."""
    session_key: Annotated[
        SecretStr | None,
        SecretValue(
            title="key of Argo CD's sessions", make=new_hash_key, needed=_ANY, consequence=_ENDS_SESSIONS
        ),
    ] = None
    """Key of the sessions; another one ends them all."""
    redis_password: Annotated[
        SecretStr | None,
        SecretValue(title="password of Argo CD's cache", make=password, needed=_ANY),
    ] = None
    """Password of Argo CD's Redis."""
    charts_user: Annotated[
        SecretStr | None, SecretValue(title="user of Argo CD at the charts' repository", needed=never)
    ] = None
    """User with which Argo CD reads the charts; only for a repository that asks for one."""
    charts_password: Annotated[
        SecretStr | None, SecretValue(title="password of Argo CD at the charts' repository", needed=never)
    ] = None
    """Password or access token of that user."""


_OF_COMPONENTS = {
    spec.attribute: (spec.secrets, Field(default=spec.secrets(), description=spec.secrets_about))
    for spec in COMPONENTS.values()
    if spec.secrets
}
_OF_SECTIONS = {
    section.name: (section.secrets, Field(default=section.secrets(), description=section.secrets_about))
    for product in PRODUCTS.values()
    for section in product.sections
    if section.secrets
}


@with_fields(_OF_COMPONENTS | _OF_SECTIONS)
class _Values(Model):
    """The values that are not files."""

    hash_key: Annotated[
        SecretStr | None,
        SecretValue(title="key of the hashes by which pods notice changed Secrets", make=new_hash_key),
    ] = None
    """Key of the hashes by which pods notice changed Secrets."""
    kubeconfig: Annotated[
        SecretStr | None,
        SecretValue(
            title="kubeconfig of the cluster, which `cluster.kubeconfig` does not name",
            needed=lambda config: config.cluster.kind == "existing" and config.cluster.kubeconfig is None,
            is_file=True,
        ),
    ] = None
    """Kubeconfig of an existing cluster."""
    authority: AuthoritySecret = None
    """Authority of the stack's certificates: its certificate and, below it, its key, as PEM."""
    argocd: ArgoCdSecrets = ArgoCdSecrets()
    """Argo CD, if the stack installs it."""
    node_recovery: NodeRecoverySecrets = NodeRecoverySecrets()
    """Node recovery's credential for Nova."""
    backup: BackupSecrets = BackupSecrets()
    """The bucket for backups."""
    monitoring: MonitoringSecrets = MonitoringSecrets()
    """Credentials of the receivers of alerts, and of the shipper of logs."""
    postgres: PostgresSecrets = PostgresSecrets()
    """The bucket for the backups of `postgres`."""
    mariadb: MariaDbSecrets = MariaDbSecrets()
    """Servers of `mariadb`, and the bucket for their backups."""
    registry: RegistrySecrets = RegistrySecrets()
    """The log-in at the registry of images."""


class Secrets(_Values):
    """Encrypted values; `secrets audit` lists those that the stack needs and those that are missing."""

    certificates: Certificates = Certificates()
    """Host certificates."""
    files: Files = Files()
    """More files."""

    def of(self, kind: type[Section]) -> Section:
        """The section of that type."""
        return next(each for name in type(self).model_fields if isinstance(each := getattr(self, name), kind))
