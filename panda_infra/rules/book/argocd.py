"""Rules about Argo CD."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.argocd.install.versions import KNOWN, MODULE, checksum_of
from panda_infra.config.argocd import ArgoCd
from panda_infra.config.messages import set_secret
from panda_infra.errors import Problem
from panda_infra.plan.argocd import argocd_host, installed_argocd
from panda_infra.products.rule import rule
from panda_infra.rules.book.names import belongs_to_cluster
from panda_infra.rules.subject import Subject

__all__ = [
    "existing_installs_nothing",
    "host_is_reached",
    "log_in_is_whole",
    "people_can_work",
    "version_is_known",
]


@rule("argocd")
def existing_installs_nothing(subject: Subject) -> Iterator[Problem]:
    """For an Argo CD that the cluster has, the stack file may set only the namespace and the host."""
    argocd = subject.config.argocd
    if argocd is None or not argocd.existing:
        return
    for field in sorted(argocd.model_fields_set - {"existing", "namespace", "host"}):
        where = f"argocd.{ArgoCd.model_fields[field].alias}"
        what = "has no effect with `existing: true`: whoever installed that Argo CD decides it"
        yield Problem(where, what, "Remove it.")


@rule("argocd")
def version_is_known(subject: Subject) -> Iterator[Problem]:
    """The manifests of the version can be distinguished from others."""
    argocd = installed_argocd(subject.config)
    if argocd is None:
        return
    if argocd.version is None:
        what = "is missing: the stack would not know what to install"
        fix = f"Write e.g. `version: {max(KNOWN)}`, or `existing: true` to use the Argo CD of the cluster."
        yield Problem("argocd.version", what, fix)
        return
    if argocd.manifests:
        if argocd.checksum:
            what = "has no effect: the manifests come from `argocd.manifests`"
            yield Problem("argocd.checksum", what, "Remove one of the two.")
    elif checksum_of(argocd) is None:
        what = f"is missing: the program knows the modules of {', '.join(sorted(KNOWN))}, not of {argocd.version}"
        fix = f"Write the Sum that `go mod download -json {MODULE}@v{argocd.version}` prints, or a known version."
        yield Problem("argocd.checksum", what, fix)
    elif argocd.version in KNOWN and argocd.checksum not in (None, KNOWN[argocd.version]):
        what = f"is not that of version {argocd.version}, which is {KNOWN[argocd.version]}"
        yield Problem("argocd.checksum", what, "Remove it.")


@rule("argocd", "cluster")
def people_can_work(subject: Subject) -> Iterator[Problem]:
    """Somebody must be able to change something in Argo CD, and each key of the log-in must have an effect."""
    argocd = installed_argocd(subject.config)
    if argocd is None:
        return
    if argocd.login is None and argocd.operators:
        what = "has no effect without `argocd.login`: local accounts have no groups"
        yield Problem("argocd.operators", what, "Remove it, or add `login: {clientId: ...}`.")
    if argocd.login is not None and not argocd.operators:
        what = "is missing: with `argocd.login` the account admin is off, and nobody could change anything"
        yield Problem(
            "argocd.operators", what, "Name a group of the issuer, e.g. `operators: [panda/admins]`."
        )
    if argocd.login is not None and argocd_host(subject.config) is None:
        what = "is missing: the issuer sends people back to it after their log-in"
        yield Problem("argocd.host", what, "Name it, e.g. `host: argocd-panda.mine.org`.")


@rule("argocd", "components", "delivery", "secrets")
def log_in_is_whole(subject: Subject) -> Iterator[Problem]:
    """The log-in at the charts' repository needs a user, a password, and a component that Argo CD delivers."""
    config, secrets = subject.config, subject.config.secrets.argocd
    given = {"chartsUser": secrets.charts_user, "chartsPassword": secrets.charts_password}
    present = [name for name, value in given.items() if value is not None]
    if present and not any(config.by_argo(name) for name in config.components.deployed()):
        what = "has no effect: Argo CD delivers no component, and Helm has log-ins of its own (`helm registry login`)"
        for name in present:
            yield Problem(f"secrets.argocd.{name}", what, "Remove it.")
    elif len(present) == 1:
        (missing,) = given.keys() - present
        what = f"is missing, but {present[0]} is set: a log-in needs both"
        fix = f"Set it: `{set_secret(subject.stack, f'argocd.{missing}')}`."
        yield Problem(f"secrets.argocd.{missing}", what, fix)


@rule("argocd", "hosts", "exposure", "namespace", "cluster")
def host_is_reached(subject: Subject) -> Iterator[Problem]:
    """Argo CD must have a host and a namespace of its own, and its Ingress a controller."""
    config = subject.config
    argocd, host = installed_argocd(config), argocd_host(config)
    if argocd is None:
        return
    if argocd.namespace == config.namespace:
        what = f"is {argocd.namespace}, the namespace of the stack's components"
        yield Problem("argocd.namespace", what, "Give Argo CD its own, e.g. `namespace: argocd`.")
    elif belongs_to_cluster(argocd.namespace) or argocd.namespace == "default":
        what = (
            f"{argocd.namespace} belongs to the cluster, but the stack makes and removes Argo CD's namespace"
        )
        yield Problem("argocd.namespace", what, "Give Argo CD its own, e.g. `namespace: argocd`.")
    if host is None:
        return
    for key, other in config.hosts.exposed().items():
        if other == host:
            yield Problem("argocd.host", f"is the host of hosts.{key} too", "Give each its own host.")
    if config.exposure.kind in ("route", "gateway"):
        what = f"needs an Ingress, and `exposure.kind` is {config.exposure.kind}"
        fix = "Write `kind: nginx` or `kind: ingress`, or leave Argo CD unexposed."
        yield Problem("argocd.host", what, fix)
