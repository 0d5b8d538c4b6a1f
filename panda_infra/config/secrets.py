"""The encrypted values of a stack: everything secret is here and nowhere else.

A file is the text of the file. One that is not UTF-8 text is written as `base64:` followed by its base64.
"""

from typing import Annotated

from pydantic import SecretStr

from panda_infra.config.base import Form, Model

__all__ = [
    "AuthSecrets",
    "BigmonSecrets",
    "Certificate",
    "Certificates",
    "Files",
    "HarvesterSecrets",
    "IamSecrets",
    "IddsSecrets",
    "MsgsvcSecrets",
    "ObjectStoreSecrets",
    "PandaSecrets",
    "RucioSecrets",
    "Secrets",
    "UiSecrets",
]

# The limits of a key of a Kubernetes Secret.
FileName = Annotated[
    str,
    Form(
        r"[A-Za-z0-9_-][A-Za-z0-9._-]*", "a plain file name", "token_harvester-doma_pilot.json", longest=253
    ),
]


class MsgsvcSecrets(Model):
    """Secrets of the broker."""

    base_password: SecretStr | None = None
    """Password of the broker's administrator; those of the accounts are made from it."""


class PandaSecrets(Model):
    """Secrets of PanDA."""

    database_password: SecretStr | None = None
    """Password of the user of PanDA's database."""


class IddsSecrets(Model):
    """Secrets of iDDS."""

    database_password: SecretStr | None = None
    """Password of the user of iDDS' database."""


class HarvesterSecrets(Model):
    """Secrets of Harvester."""

    database_password: SecretStr | None = None
    """Password of the user of Harvester's database."""
    database_root_password: SecretStr | None = None
    """Password of the embedded database's administrator."""


class IamSecrets(Model):
    """Secrets of INDIGO IAM."""

    database_password: SecretStr | None = None
    """Password of the user of IAM's database."""
    database_root_password: SecretStr | None = None
    """Password of the embedded database's administrator."""
    superuser_password: SecretStr | None = None
    """First password of IAM's superuser."""
    identity_provider_secret: SecretStr | None = None
    """Secret of the client at the identity provider."""
    keystore: SecretStr | None = None
    """JSON Web Key Set with the private RSA keys that sign tokens."""


class BigmonSecrets(Model):
    """Secrets of BigMon."""

    secret_key: SecretStr | None = None
    """Django's secret key."""
    database_password: SecretStr | None = None
    """Password of BigMon's own user of PanDA's database."""
    provider_secrets: dict[str, SecretStr] = {}
    """Secret of the client at each log-in provider, by the provider's name."""
    prodsys_token: SecretStr | None = None
    """Token of the production system."""
    elastic_password: SecretStr | None = None
    """Password of Elasticsearch."""
    mail_password: SecretStr | None = None
    """Password of the mail server."""
    grafana_token: SecretStr | None = None
    """Token of Grafana."""
    openshift_token: SecretStr | None = None
    """Token of OpenShift."""


class UiSecrets(Model):
    """Secrets of the UI."""

    secret_key: SecretStr | None = None
    """Django's secret key."""
    client_secret: SecretStr | None = None
    """Secret of the UI's client in IAM."""
    database_password: SecretStr | None = None
    """Password of the UI's own database user."""


class AuthSecrets(Model):
    """Tokens and secrets of OIDC clients."""

    id_token: SecretStr | None = None
    """Long-lived token for internal calls."""
    internal_client_secret: SecretStr | None = None
    """Secret of the internal client."""
    token_cache_secret: SecretStr | None = None
    """Secret of the client that exchanges pilots' tokens."""
    client_secrets: dict[str, SecretStr] = {}
    """Secret of each VO's client, by the VO's name. PanDA serves these to the world: only for clients whose secret
    protects nothing."""


class RucioSecrets(Model):
    """Secrets of Rucio."""

    password: SecretStr | None = None
    """Password of the Rucio user."""


class ObjectStoreSecrets(Model):
    """Keys of the object store."""

    access_key: SecretStr | None = None
    """Access key."""
    secret_key: SecretStr | None = None
    """Secret key."""


class Certificate(Model):
    """A host certificate as PEM; `secrets set --file` also takes a p12."""

    certificate: SecretStr | None = None
    """The host's certificate."""
    key: SecretStr | None = None
    """Its private key, unencrypted."""
    chain: SecretStr | None = None
    """Certificates of its issuers, the nearest first; none when the host's is self-signed."""


class Certificates(Model):
    """The certificate of each component's hosts."""

    panda: Certificate = Certificate()
    """PanDA server; covers `hosts.panda` and `hosts.pandaBig`."""
    bigmon: Certificate = Certificate()
    """BigMon; covers `hosts.bigmon` and `hosts.harvester`."""
    idds: Certificate = Certificate()
    """iDDS; covers `hosts.idds`."""
    harvester: Certificate = Certificate()
    """Harvester's httpd and HTCondor."""
    ui: Certificate = Certificate()
    """PanDA UI; covers `hosts.ui`."""
    iam: Certificate = Certificate()
    """IAM; covers `hosts.iam`."""


class Files(Model):
    """More files for components, by file name."""

    panda: dict[FileName, SecretStr] = {}
    """Files beside the PanDA server's certificate; those that end with .proxy BigMon gets too."""
    bigmon: dict[FileName, SecretStr] = {}
    """Files beside BigMon's certificate."""
    idds: dict[FileName, SecretStr] = {}
    """Files beside iDDS' certificate."""
    harvester: dict[FileName, SecretStr] = {}
    """Files beside Harvester's certificate."""
    harvester_auth: dict[FileName, SecretStr] = {}
    """Token and robot files with which Harvester authenticates."""
    ui: dict[FileName, SecretStr] = {}
    """Files beside the UI's certificate."""
    iam: dict[FileName, SecretStr] = {}
    """Files beside IAM's certificate."""


class Secrets(Model):
    """Encrypted values; `secrets audit` lists which of them the stack needs and lacks."""

    hash_key: SecretStr | None = None
    """Key of the hashes by which pods notice changed Secrets."""
    kubeconfig: SecretStr | None = None
    """Kubeconfig of an existing cluster."""
    msgsvc: MsgsvcSecrets = MsgsvcSecrets()
    """Broker."""
    panda: PandaSecrets = PandaSecrets()
    """PanDA."""
    idds: IddsSecrets = IddsSecrets()
    """iDDS."""
    harvester: HarvesterSecrets = HarvesterSecrets()
    """Harvester."""
    iam: IamSecrets = IamSecrets()
    """INDIGO IAM."""
    bigmon: BigmonSecrets = BigmonSecrets()
    """BigMon."""
    ui: UiSecrets = UiSecrets()
    """PanDA UI."""
    auth: AuthSecrets = AuthSecrets()
    """Tokens and clients."""
    rucio: RucioSecrets = RucioSecrets()
    """Rucio."""
    object_store: ObjectStoreSecrets = ObjectStoreSecrets()
    """Object store."""
    certificates: Certificates = Certificates()
    """Host certificates."""
    files: Files = Files()
    """More files."""
