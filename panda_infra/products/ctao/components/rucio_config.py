"""The job that brings accounts, storages, distances and limits of Rucio into the state that the stack file declares."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from panda_infra.config.base import Form, Model, plain
from panda_infra.config.quantities import Quantity, amount
from panda_infra.errors import Problem
from panda_infra.products.ctao.components.rucio import RUCIO_PORT
from panda_infra.products.ctao.components.rucio_bootstrap import ROOT_SECRET
from panda_infra.products.ctao.interfaces import Interfaces
from panda_infra.products.ctao.jobs import CHART, job
from panda_infra.products.ctao.remotes import RUCIO, fts_url, storage
from panda_infra.products.ctao.verification import asked_as_root
from panda_infra.products.model import ComponentSpec
from panda_infra.products.network import Remote, at_urls
from panda_infra.products.rule import rule
from panda_infra.products.settings import ComponentSettings, Host, Port, Word
from panda_infra.products.verification import Check
from panda_infra.products.workloads import Component, SubComponent
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names
    from panda_infra.rules.subject import Subject

__all__ = ["COMPONENT", "RucioConfig", "fts_of_storages", "names_what_is_declared", "storages"]

# Rucio's generic schema; one of a policy package may allow less.
RseName = Annotated[
    str,
    Form(
        r"[A-Z0-9]([A-Z0-9_-]*[A-Z0-9])?",
        "capitals, digits, dashes and underscores",
        "CTAO-NORTH",
        longest=253,
    ),
]
AccountName = Annotated[
    str,
    Form(
        r"[a-z0-9][a-z0-9._-]*",
        "lower-case letters, digits, dots, dashes and underscores",
        "dpps",
        longest=25,
    ),
]
Scope = Annotated[
    str,
    Form(r"[A-Za-z0-9][A-Za-z0-9._-]*", "letters, digits, dots, dashes and underscores", "acada", longest=25),
]
Path = Annotated[
    str, Form(r"/[^\s'\"]*", "a path that starts with a slash, without spaces and quotes", "/rucio")
]
Email = Annotated[str, Form(r"[^\s@]+@[^\s@]+", "an e-mail address", "dpps@cta-observatory.org", longest=255)]
Implementation = Annotated[
    str,
    Form(
        r"[a-z0-9_]+\.[A-Za-z]+", "a module of Rucio's protocols and its class", "posix.Default", longest=200
    ),
]
_LOCAL = ("read", "write", "delete")
_OPERATIONS: dict[str, tuple[str, ...]] = {
    "lan": _LOCAL,
    "wan": (*_LOCAL, "third_party_copy_read", "third_party_copy_write"),
}


class Identity(Model):
    """A log-in that may use an account."""

    type: Literal["X509", "OIDC", "SSH", "GSS"]
    """Kind of log-in."""
    identity: Annotated[str, plain("CN=DPPS robot,O=CTAO,C=DE")]
    """Who it is: the subject of a certificate, or the subject and issuer of a token."""


class Account(Model):
    """An account of Rucio."""

    type: Literal["USER", "GROUP", "SERVICE"] = "USER"
    """Kind of account; it cannot change."""
    email: Email
    """Address of its owner."""
    identities: tuple[Identity, ...] = ()
    """Log-ins that may use it."""
    attributes: dict[Word, Annotated[str, plain("true")]] = {}
    """Attributes, such as `admin`."""


class Protocol(Model):
    """A way to the files of a storage; scheme, host and port cannot change."""

    scheme: Literal["root", "davs", "https", "srm", "gsiftp", "file", "mock", "scp", "rsync"]
    """Scheme of its URLs."""
    host: Host
    """Host."""
    port: Port
    """Port."""
    prefix: Path
    """Folder of all files."""
    impl: Implementation = "gfal.Default"
    """Rucio's module and class for it."""
    priority: Annotated[int, Field(ge=0, le=100)] = 1
    """Preference among the storage's protocols, 1 first; 0 for never."""


class Rse(Model):
    """A storage of Rucio."""

    deterministic: bool = True
    """Whether the paths of files follow from their names."""
    volatile: bool = False
    """Whether files may vanish, as from a cache."""
    protocols: tuple[Protocol, ...] = ()
    """Ways to its files."""
    attributes: dict[Word, Annotated[str, plain("true")]] = {}
    """Attributes for rules and daemons; `fts`, the FTS that copies to it, is that of `interfaces.fts` by default."""
    limits: dict[Word, Quantity] = {}
    """Amounts of bytes that daemons keep, such as `MinFreeSpace`."""


class RucioConfigSettings(ComponentSettings):
    """The content of Rucio that is declared; nothing beside it is deleted."""

    accounts: dict[AccountName, Account] = {}
    """Accounts by name."""
    scopes: dict[Scope, AccountName] = {}
    """Owner of each scope."""
    rses: dict[RseName, Rse] = {}
    """Storages by name."""
    distances: dict[RseName, dict[RseName, Annotated[int, Field(ge=0)]]] = {}
    """How far it is from a storage to others; nothing is copied between two without a distance."""
    limits: dict[AccountName, dict[RseName, Quantity]] = {}
    """Bytes that an account may fill at a storage."""


class RucioConfig(Component):
    """The job that makes accounts and storages."""

    job: SubComponent = SubComponent()
    """The job."""
    settings: RucioConfigSettings = RucioConfigSettings()
    """Accounts, storages, distances, limits."""


# Their files are in the pods themselves, or nowhere.
_WITHOUT_HOST = ("file", "mock")


def storages(context: "Context") -> Iterator[Remote]:
    """The storages that are declared here, and those that the stack file names as outside."""
    yield from storage(context)
    component = context.config.components.get(RucioConfig)
    for rse in component.settings.rses.values() if component else ():
        for protocol in rse.protocols:
            if protocol.scheme not in _WITHOUT_HOST:
                yield Remote(protocol.host, protocol.port, "storage")


def fts_of_storages(context: "Context") -> Iterator[Remote]:
    """The FTS that storages name as theirs."""
    component = context.config.components.get(RucioConfig)
    rses = component.settings.rses.values() if component else ()
    yield from at_urls("FTS", (rse.attributes.get("fts") for rse in rses))


def _protocol(protocol: Protocol) -> dict[str, Any]:
    domains = {name: dict.fromkeys(words, protocol.priority) for name, words in _OPERATIONS.items()}
    return {
        "scheme": protocol.scheme,
        "hostname": protocol.host,
        "port": protocol.port,
        "prefix": protocol.prefix,
        "impl": f"rucio.rse.protocols.{protocol.impl}",
        "domains": domains,
    }


def _rse(rse: Rse, fts: str) -> dict[str, Any]:
    # Rucio finds FTS by this attribute alone, and copies nothing to a storage without it.
    usual = {"fts": fts} if fts else {}
    return {
        "deterministic": rse.deterministic,
        "volatile": rse.volatile,
        "protocols": [_protocol(each) for each in rse.protocols],
        "attributes": usual | rse.attributes,
        "limits": _bytes(rse.limits),
    }


def _bytes(quantities: dict[str, str]) -> dict[str, int]:
    return {name: int(amount(text)) for name, text in quantities.items()}


def _values(config: "Settings", names: "Names") -> Values:
    settings = config.components.of(RucioConfig).settings
    server = names.workload("rucio", "server")
    fts = fts_url(config.maybe(Interfaces) or Interfaces(), names)
    return {
        "name": names.workload("rucio-config", "job"),
        "script": "reconcile.py",
        "settings": {
            "server": f"https://{server}:{RUCIO_PORT}",
            "accounts": {name: each.model_dump(mode="json") for name, each in settings.accounts.items()},
            "scopes": settings.scopes,
            "rses": {name: _rse(each, fts) for name, each in settings.rses.items()},
            "distances": [
                {"from": source, "to": target, "distance": distance}
                for source, targets in settings.distances.items()
                for target, distance in targets.items()
            ],
            "limits": {account: _bytes(limits) for account, limits in settings.limits.items()},
        },
        "secrets": {"root": names.secret(ROOT_SECRET), "ca": names.secret("rucio-ca")},
    }


@rule("components")
def names_what_is_declared(subject: "Subject") -> Iterator[Problem]:
    """Owners of scopes, distances and limits must name accounts and storages of the same declaration."""
    component = subject.config.components.get(RucioConfig)
    if component is None:
        return
    settings, where = component.settings, "components.rucio-config.settings"
    used = [("accounts", f"scopes.{scope}", owner) for scope, owner in settings.scopes.items()]
    used += [("accounts", f"limits.{name}", name) for name in settings.limits]
    used += [
        ("rses", f"limits.{name}.{rse}", rse) for name, limits in settings.limits.items() for rse in limits
    ]
    for source, targets in settings.distances.items():
        used += [("rses", f"distances.{source}", source)]
        used += [("rses", f"distances.{source}.{target}", target) for target in targets]
    for key, path, name in used:
        known = getattr(settings, key)
        if name not in known and not (key == "accounts" and name == "root"):
            what = f"names {name}, which {where}.{key} does not declare"
            yield Problem(
                f"{where}.{path}", what, f"Declare it there, or name one of {', '.join(known) or 'none yet'}."
            )


def _storages(config: "Settings") -> Mapping[str, Any]:
    declared = config.components.get(RucioConfig)
    return {"storages": sorted(declared.settings.rses) if declared else []}


COMPONENT = ComponentSpec(
    name="rucio-config",
    title="Rucio's storages",
    about="Job that makes Rucio's accounts, storages, distances and limits.",
    position=240,
    version="1.0.0",
    usual_seconds=20,
    chart=CHART,
    ships=True,
    config=RucioConfig,
    sub_components=(job(ROOT_SECRET, "rucio-ca", calls=(RUCIO,)),),
    needs=("rucio", "rucio-bootstrap"),
    values=_values,
    rules=(names_what_is_declared,),
    checks=(
        Check(
            "rucio-config.storages",
            "Rucio has every storage that the stack file declares",
            "DPPS-BOOTSTRAP",
            asked_as_root("storages", _storages),
        ),
    ),
)
