"""Argo CD beside a stack: one that the stack installs, or one that its cluster has already."""

from typing import Annotated, Literal

from panda_infra.config.base import PORT, DnsLabel, Form, HostName, Model

__all__ = ["ArgoCd", "Login", "ManifestFile"]

Version = Annotated[
    str, Form(r"2\.\d+\.\d+", "a full version of Argo CD 2 without a leading v", "2.13.6", longest=20)
]
Checksum = Annotated[
    str,
    Form(
        r"h1:[A-Za-z0-9+/]{43}=",
        "h1: and 44 characters of base64, as in a go.sum",
        "h1:AoOaNidqkGgnH/prgbLp5PyFxBU0UGJUGdXJw+UDvqM=",
    ),
]
Location = Annotated[
    str,
    Form(
        r"(https://)?[^\s:]+",
        "an https address or a path of a file",
        "https://mirror.mine.org/argo-cd/v2.13.6/install.yaml",
    ),
]
Sha256 = Annotated[
    str, Form(r"[0-9a-f]{64}", "64 hexadecimal digits, as sha256sum prints them", 8 * "0123abcd")
]
# Commas, quotes and # have a meaning in the table of Argo CD's roles.
Group = Annotated[
    str,
    Form(
        r"[^\s,#\"'\\]+( [^\s,#\"'\\]+)*",
        "a group as the issuer names it, without commas, quotes, backslashes and #",
        "panda/operators",
        longest=200,
    ),
]
# Argo CD takes a text that starts with $ for the key of a Secret.
ClientId = Annotated[
    str,
    Form(r"[A-Za-z0-9][A-Za-z0-9._@/-]*", "a client id of letters, digits and . _ - @ /", "panda-argocd"),
]
Claim = Annotated[str, Form(r"[A-Za-z][A-Za-z0-9._:/-]*", "the name of a claim", "wlcg.groups", longest=200)]
Issuer = Annotated[
    str,
    Form(
        rf"https://[A-Za-z0-9][A-Za-z0-9.-]*(:{PORT})?(/[A-Za-z0-9._~/-]*)?",
        "a URL that starts with https://",
        "https://panda-iam-doma.cern.ch/",
    ),
]


class ManifestFile(Model):
    """Argo CD's install.yaml from a mirror or a file."""

    location: Location
    """Its https address, or its path."""
    sha256: Sha256
    """SHA-256 of the file."""


class Login(Model):
    """Log-in at an issuer of OIDC tokens, instead of local passwords."""

    client_id: ClientId
    """Client that is registered for Argo CD; its secret is `secrets.argocd.clientSecret`."""
    issuer: Issuer | None = None
    """Issuer of tokens; default: the one of the stack."""
    groups_claim: Claim = "groups"
    """Claim that lists a person's groups."""
    groups_in: Literal["userinfo", "token"] = "userinfo"
    """Where that claim is: in the issuer's answer at `/userinfo`, as with INDIGO IAM, or in the token itself."""


class ArgoCd(Model):
    """Argo CD, installed by the stack once in a cluster, or there already."""

    existing: bool = False
    """Use the Argo CD that the cluster has, and install nothing."""
    namespace: DnsLabel = "argocd"
    """Namespace of Argo CD, made and removed with it."""
    version: Version | None = None
    """Version to install; another one upgrades it, its CRDs first. Required without `existing`."""
    checksum: Checksum | None = None
    """Hash of that version's Go module, for versions whose hash the program does not know."""
    manifests: ManifestFile | None = None
    """Where the version's install.yaml comes from instead of the Go module."""
    host: HostName | None = None
    """Host name; default on a Magnum cluster: `argocd-CLUSTER` in `cluster.aliasDomain`, otherwise not exposed."""
    login: Login | None = None
    """Log-in at an issuer, which switches the local accounts off; without it they are `admin` and `reader`."""
    operators: tuple[Group, ...] = ()
    """Groups of the issuer that may do everything in Argo CD; everybody else may only read."""
