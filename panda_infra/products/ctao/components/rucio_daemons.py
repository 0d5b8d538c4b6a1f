"""Rucio's daemons, which move, count and delete files."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import Field

from panda_infra.config.base import with_fields
from panda_infra.errors import Problem
from panda_infra.products.ctao import remotes
from panda_infra.products.ctao.components.rucio import policy
from panda_infra.products.ctao.components.rucio_bootstrap import RucioBootstrap
from panda_infra.products.ctao.components.rucio_config import RucioConfig, fts_of_storages, storages
from panda_infra.products.ctao.database import DATABASE_SECRET, POOL, database_env
from panda_infra.products.ctao.placed import FIXED_VALUES, placed, renamed
from panda_infra.products.ctao.robot import ROBOT_SECRET, TRUST_SECRET, Subject, robot_values, trust
from panda_infra.products.ctao.verification import asked_as_root
from panda_infra.products.ctao.versions import DAEMONS_CHART, DAEMONS_IMAGE, SERVER_IMAGE
from panda_infra.products.metrics import Metrics, monitored
from panda_infra.products.model import (
    ComponentSpec,
    HostCertificate,
    SecretUse,
    SubComponentSpec,
    live,
    start,
)
from panda_infra.products.network import Call, Remote
from panda_infra.products.rule import rule
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.tls import of_robot
from panda_infra.products.verification import Check
from panda_infra.products.workloads import Component, Replicated
from panda_infra.tree import Values, merged

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names
    from panda_infra.rules.subject import Subject as Judged

__all__ = ["COMPONENT", "DAEMONS", "RucioDaemons", "one_image_for_all"]

_CHART_IMAGE = ("rucio/rucio-daemons", "release-34.2.0")
_TABLES = "panda-infra/tables"


def _fts(context: "Context") -> Iterator[Remote]:
    for group in (remotes.fts, fts_of_storages, remotes.issuer):
        yield from group(context)


def _files(context: "Context") -> Iterator[Remote]:
    yield from storages(context)
    yield from remotes.issuer(context)


class _Daemon(NamedTuple):
    """A daemon: its key in the chart, whether it runs by default, what it does.

    ``reaches`` are its connections outside of the stack, except the database; ``calls`` are those inside.
    """

    key: str
    usual: bool
    about: str
    reaches: Callable[[Any], Iterable[Remote]] = lambda _context: ()
    calls: tuple[Call, ...] = ()


DAEMONS: Mapping[str, _Daemon] = MappingProxyType(
    {
        "conveyor-submitter": _Daemon(
            "conveyorTransferSubmitter", True, "Hands transfers to FTS.", _fts, (remotes.FTS,)
        ),
        "conveyor-poller": _Daemon("conveyorPoller", True, "Asks FTS about transfers.", _fts, (remotes.FTS,)),
        "conveyor-finisher": _Daemon("conveyorFinisher", True, "Books transfers that ended."),
        "conveyor-receiver": _Daemon(
            "conveyorReceiver", False, "Hears of transfers by FTS' broker.", remotes.brokers
        ),
        "conveyor-preparer": _Daemon("conveyorPreparer", False, "Chooses sources before submission."),
        "conveyor-throttler": _Daemon("conveyorThrottler", False, "Limits transfers of a storage."),
        "conveyor-stager": _Daemon("conveyorStager", False, "Recalls files from tape.", _fts, (remotes.FTS,)),
        "judge-evaluator": _Daemon("judgeEvaluator", True, "Applies rules to new files."),
        "judge-repairer": _Daemon("judgeRepairer", True, "Tries stuck rules again."),
        "judge-cleaner": _Daemon("judgeCleaner", True, "Removes rules that ended."),
        "judge-injector": _Daemon("judgeInjector", False, "Makes rules that were approved."),
        "reaper": _Daemon("reaper", True, "Deletes files that no rule protects.", _files, remotes.STORAGES),
        "dark-reaper": _Daemon(
            "darkReaper", False, "Deletes files that the catalog does not know.", _files, remotes.STORAGES
        ),
        "undertaker": _Daemon("undertaker", True, "Removes names that ended."),
        "transmogrifier": _Daemon("transmogrifier", False, "Makes rules of subscriptions."),
        "abacus-account": _Daemon("abacusAccount", True, "Counts what accounts use."),
        "abacus-rse": _Daemon("abacusRse", True, "Counts what storages hold."),
        "abacus-collection-replica": _Daemon(
            "abacusCollectionReplica", False, "Counts replicas of datasets."
        ),
        "hermes": _Daemon("hermes", False, "Sends events to brokers.", remotes.brokers),
        "minos": _Daemon("minos", False, "Books bad replicas."),
        "minos-temporary-expiration": _Daemon(
            "minosTemporaryExpiration", False, "Ends the state of temporarily bad replicas."
        ),
        "necromancer": _Daemon("necromancer", False, "Recovers bad replicas."),
        "replica-recoverer": _Daemon("replicaRecoverer", False, "Recovers suspicious replicas."),
        "automatix": _Daemon(
            "automatix", False, "Makes data for tests.", _files, (remotes.RUCIO, *remotes.STORAGES)
        ),
        "cache-consumer": _Daemon("cacheConsumer", False, "Books what caches hold.", remotes.brokers),
        "tracer-kronos": _Daemon("tracerKronos", False, "Books accesses to files.", remotes.brokers),
        "oauth-manager": _Daemon("oauthManager", False, "Renews tokens of users.", remotes.issuer),
    }
)
"""Every daemon by its name in the chart's objects."""


class RucioDaemonsSettings(ComponentSettings):
    """Settings of the daemons; those of the policy are the server's."""

    robot: Subject | None = None
    """Subject of the certificate by which the daemons act at FTS and storages, as RFC 4514 spells it; default: they
    have none."""

    transfer_tool: Literal["fts3", "mock"] = "fts3"
    """Tool that moves files: fts3, or mock, which moves none and reports that all arrived."""


@with_fields(
    {
        name.replace("-", "_"): (
            Replicated,
            Field(default=Replicated(enabled=daemon.usual), description=daemon.about),
        )
        for name, daemon in DAEMONS.items()
    }
)
class RucioDaemons(Component):
    """Rucio's daemons, each on or off."""

    settings: RucioDaemonsSettings = RucioDaemonsSettings()
    """The tool of transfers."""


def _tables_of(config: "Settings") -> str:
    """The image of the job that has brought the tables to its version."""
    bootstrap = config.components.get(RucioBootstrap)
    return (bootstrap.job.image.tag if bootstrap else None) or SERVER_IMAGE[1]


def _values(config: "Settings", names: "Names") -> Values:
    daemons = config.components.of(RucioDaemons)
    robot = robot_values(names, ROBOT_SECRET) if daemons.settings.robot else {}
    return merged(_plain_values(config, names, daemons), robot)


def _plain_values(config: "Settings", names: "Names", daemons: RucioDaemons) -> Values:
    return {
        "fullnameOverride": names.release("rucio-daemons"),
        "serviceAccountName": names.release("rucio-daemons"),
        # Without this the chart mounts Secrets with fixed names, which do not exist.
        "useDeprecatedImplicitSecrets": False,
        "additionalEnvs": [database_env(names)],
        # A migration stops the daemons: what differs from then on is deployed, and gives them their pods back.
        "deploymentAnnotations": {_TABLES: _tables_of(config)},
        "config": {
            "database": POOL,
            # The chart's own paths are in Secrets that do not exist.
            "conveyor": {
                "transfertool": daemons.settings.transfer_tool,
                "cacert": None,
                "usercert": None,
            },
            **_metrics(config),
            **policy(config),
        },
        # The chart's submitter and stager only see transfers of two invented activities.
        "conveyorTransferSubmitter": {"activities": None},
        "conveyorStager": {"activities": None},
    }


def _metrics(config: "Settings") -> Values:
    """Rucio's section that opens the daemons' metrics, at its own default port."""
    return {"monitor": {"enable_metrics": "True"}} if monitored(config) else {}


def _chart_form(values: Values) -> Values:
    """The values of each daemon under its key in the chart; one that is off has no pods."""
    made: Values = {}
    for name, daemon in DAEMONS.items():
        part = values[name]
        made[f"{daemon.key}Count"] = part.get("replicaCount", 1) if part["enabled"] else 0
        if part["enabled"]:
            made[daemon.key] = placed(part) | _annotations(part)
            # All daemons have one image.
            made.setdefault("image", part["image"])
            made |= renamed(part, {"imagePullSecrets": "imagePullSecrets"})
    return made


def _annotations(part: Mapping[str, Any]) -> Values:
    return {"podAnnotations": part["podAnnotations"]} if part.get("podAnnotations") else {}


@rule("components")
def one_image_for_all(subject: "Judged") -> Iterator[Problem]:
    """The chart has one image for all daemons."""
    daemons = subject.config.components.get(RucioDaemons)
    if daemons is None:
        return
    spec = COMPONENT
    running = {sub.name: getattr(daemons, sub.attribute) for sub in spec.sub_components}
    images = {part.image for part in running.values() if part.enabled}
    if not images:
        what = "has no daemon that runs"
        yield Problem(
            "components.rucio-daemons", what, "Write `enabled: true` for one, or remove the component."
        )
    if len(images) > 1:
        what = "differs between the daemons, but the chart has one image for all"
        yield Problem("components.rucio-daemons", what, "Write the same `image` for every daemon that runs.")


# Without one of them no rule with the tool `mock` comes to its end.
_CARRIERS = tuple(
    f"rucio-daemons/{name}"
    for name in ("judge-evaluator", "conveyor-submitter", "conveyor-poller", "conveyor-finisher")
)


def _way(config: "Settings") -> Mapping[str, Any]:
    """The first two storages between which the stack file declares a distance; empty without such two."""
    declared = config.components.get(RucioConfig)
    distances = declared.settings.distances if declared else {}
    found = ((source, destination) for source, others in distances.items() for destination in others)
    return dict(zip(("source", "destination"), next(found, ()), strict=False))


def _no_way(config: "Settings") -> str:
    daemons = config.components.get(RucioDaemons)
    if daemons is None or daemons.settings.transfer_tool != "mock":
        return "files are really moved here, and this check must not move any"
    return "" if _way(config) else "the stack file declares no distance between two storages"


def _robot(config: "Settings") -> str:
    daemons = config.components.get(RucioDaemons)
    return daemons.settings.robot or "" if daemons else ""


def _of_robot(use: SecretUse, config: "Settings") -> SecretUse | None:
    return use if _robot(config) else None


def _with_database(daemon: _Daemon) -> Callable[["Context"], Iterable[Remote]]:
    return lambda context: (*remotes.database(context), *daemon.reaches(context))


COMPONENT = ComponentSpec(
    name="rucio-daemons",
    title="Rucio's daemons",
    about="Rucio's daemons, one Deployment each.",
    position=250,
    version=DAEMONS_CHART,
    usual_seconds=20,
    chart_form=_chart_form,
    has_secrets=True,
    own_account=True,
    config=RucioDaemons,
    sub_components=tuple(
        SubComponentSpec(
            name=name,
            workload="Deployment",
            chart_image=_CHART_IMAGE,
            image=DAEMONS_IMAGE,
            secrets=(
                *start(DATABASE_SECRET),
                # The daemons read these files anew for each connection.
                *live(ROBOT_SECRET, in_stack=_of_robot),
                *live(TRUST_SECRET, in_stack=_of_robot),
            ),
            labels={"app": f"rucio-daemons-{name}", "release": "{release}"},
            calls=(remotes.DATABASE, *daemon.calls),
            remotes=_with_database(daemon),
            metrics=(Metrics(8080),),
        )
        for name, daemon in DAEMONS.items()
    ),
    needs=("rucio",),
    after=("rucio-config", "fts", "xrootd"),
    certificate=HostCertificate(
        "The robot as which Rucio's daemons act at FTS and storages.",
        always=lambda config: bool(_robot(config)),
        subject=_robot,
    ),
    builders={ROBOT_SECRET: of_robot("rucio-daemons"), TRUST_SECRET: trust},
    values=_values,
    own_values=(
        "config",
        "deploymentAnnotations",
        "hostPathMounts",
        "imagePullSecrets",
        "imageRegistry",
        "minReadySeconds",
        "monitoring",
        "optional_config",
        "persistentVolumes",
        "podLabels",
        "secretMounts",
        "strategy",
        *(daemon.key for daemon in DAEMONS.values()),
    ),
    fixed_values={
        **FIXED_VALUES,
        ("config", "messaging-fts3", "password"): "the password would be in Helm's release (C47)",
        ("monitoring", "enabled"): "the chart opens the daemons' metrics by a port of every node (C45)",
    },
    rules=(one_image_for_all,),
    checks=(
        Check(
            "rucio-daemons.rule",
            "The daemons carry a file from one storage to another by a rule",
            "DPPS-FIXTURES",
            asked_as_root("rule", _way),
            seconds=300,
            behind=_CARRIERS,
            unless=_no_way,
            alone=True,
        ),
    ),
)
