"""Rules about the delivery by Argo CD, which has no post-renderer and reads no folder of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from panda_infra.config.argo_delivery import ArgoDelivery
from panda_infra.config.charts import FolderCharts, GitCharts
from panda_infra.config.stack import StackConfig
from panda_infra.errors import Problem
from panda_infra.plan.values.placement import in_pod, placement_values
from panda_infra.plan.values.workloads import workload_values
from panda_infra.products.registry import COMPONENTS
from panda_infra.products.rule import rule
from panda_infra.products.workloads import Follow
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import Visited, sub_components
from panda_infra.tree import merged

__all__ = ["charts_are_within_reach", "followed_images", "helm_alone", "nothing_is_lost"]

# The Image Updater takes such a tag for a version.
_VERSION = re.compile(r"v?\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
# Go's regular expressions have no look-around and no references to groups.
_NOT_IN_GO = re.compile(r"\(\?(<?[=!]|P=|\()|\\[1-9]")

_EXISTING = (
    "Write `argocd: {existing: false}` to install one, or `argocd: {existing: true}` for the one "
    "that the cluster has."
)


@rule("delivery", "argocd", "charts", "components")
def charts_are_within_reach(subject: Subject) -> Iterator[Problem]:
    """Argo CD must be there, read the charts, and have something to deliver."""
    config = subject.config
    deployed = config.components.deployed()
    section = config.delivery_section
    delivered = [name for name in deployed if config.by_argo(name)]
    if isinstance(section, ArgoDelivery):
        for name in section.by_helm:
            if name not in deployed:
                yield Problem(
                    "delivery.byHelm", f"names {name}, which the stack does not deploy", "Remove it."
                )
        if deployed and not delivered:
            what = "leaves nothing to Argo CD"
            yield Problem("delivery.byHelm", what, "Write `delivery: helm`, or take a component out.")
            return
        if section.follow and not isinstance(config.charts, GitCharts):
            what = f"is a branch, but the charts are of kind {config.charts.kind}"
            fix = "Write `charts: {kind: git, url: ..., revision: ...}`, or remove it."
            yield Problem("delivery.follow", what, fix)
    if not delivered:
        return
    if config.argocd is None:
        yield Problem("delivery", "is argocd, but the stack names no Argo CD", _EXISTING)
    if isinstance(config.charts, FolderCharts):
        what = "is folder, which Argo CD in the cluster cannot read"
        fix = "Push it and write `kind: git` with its url and revision, or write `delivery: helm`."
        yield Problem("charts.kind", what, fix)


@rule("delivery", "components", "placement", "nodeRecovery", "affix", "registry")
def nothing_is_lost(subject: Subject) -> Iterator[Problem]:
    """A component that Argo CD delivers must not need what only a Helm release of this program can do."""
    config = subject.config
    alone = helm_alone(config)
    stays = [name for name in config.components.deployed() if name in alone or not config.by_argo(name)]
    fix = f"write `delivery: {{kind: argocd, byHelm: [{', '.join(stays)}]}}`"
    for name, reasons in alone.items():
        if config.by_argo(name):
            for where, what, instead in reasons:
                yield Problem(where, what, f"{instead}, or {fix}." if instead else f"W{fix[1:]}.")


def helm_alone(config: StackConfig) -> Mapping[str, Sequence[tuple[str, str, str]]]:
    """The components that Argo CD cannot deliver as the stack file wants them.

    Each has its reasons: the key, what is wrong with delivery by Argo CD, and what to write instead, if anything.
    """
    found: dict[str, list[tuple[str, str, str]]] = {}
    for name, component in config.components.deployed().items():
        where = f"components.{name}"
        if COMPONENTS[name].ships:
            what = "has a chart that comes with this program: Argo CD finds it in no repository"
            found.setdefault(name, []).append((where, what, ""))
        if component.atomic:
            what = "has no effect: Argo CD does not take a failed change back"
            found.setdefault(name, []).append((f"{where}.atomic", what, "Remove it"))
    for sub in sub_components(config):
        if sub.runs and not sub.spec.placeable and (placed := _placed(sub, config)):
            what = (
                f"has pods whose chart knows no {' and no '.join(placed)}: the program adds them to a Helm release, "
                "but Argo CD would drop them"
            )
            instead = "Remove these settings (`placement` counts too)"
            found.setdefault(sub.component.name, []).append((sub.where, what, instead))
    return found


def _placed(sub: Visited, config: StackConfig) -> Sequence[str]:
    """The settings of a stack about the placement of a sub-component's pods."""
    values = merged(
        placement_values(sub.spec, sub.config, config, config.names.release(sub.component.name)),
        workload_values(sub.spec, sub.config, config),
    )
    return list(in_pod(values))


@rule("delivery", "components", "lifecycle")
def followed_images(subject: Subject) -> Iterator[Problem]:
    """An image that is followed needs Argo CD and one way to choose its tag; `latest` needs a test stack."""
    config = subject.config
    for sub in sub_components(config):
        follow = sub.config.image.follow
        where = f"{sub.where}.image.follow"
        if follow is None:
            continue
        if not config.by_argo(sub.component.name):
            what = "needs the Image Updater of Argo CD, which does not deliver this component"
            yield Problem(where, what, "Remove it, or write `delivery: argocd`.")
        if sub.config.image.digest:
            what = "is pinned, and its tag is followed as well"
            yield Problem(f"{sub.where}.image.digest", what, "Remove it, or `follow`.")
        yield from _chosen(sub, follow, where, protect=config.lifecycle.protect)
        yield from _first_version(sub, follow, where)


def _chosen(sub: Visited, follow: Follow, where: str, *, protect: bool) -> Iterator[Problem]:
    ways = follow.model_dump(exclude_none=True)
    if len(ways) != 1:
        what = f"names {' and '.join(ways)}" if ways else "names nothing to follow"
        yield Problem(where, what, "Write one of `tag`, `versions` and `newest`.")
    matches = False
    if follow.newest is not None:
        try:
            matches = re.search(follow.newest, "latest") is not None
        except re.error as error:
            yield Problem(f"{where}.newest", f"is no regular expression: {error}", r"Write e.g. `^dev-\d+$`.")
        if _NOT_IN_GO.search(follow.newest):
            what = "looks around or back, which the Image Updater's regular expressions cannot: it would match no tag"
            yield Problem(f"{where}.newest", what, r"Write it without, e.g. `^dev-\d+$`.")
    if protect and (follow.tag == "latest" or matches):
        key = "tag" if follow.tag == "latest" else "newest"
        what = (
            f"would run any image of {sub.name} that somebody pushes as latest, and this stack is protected"
        )
        fix = r"Follow versions, e.g. `versions: ~1.0`, or a test stack's `lifecycle: {protect: false}`."
        yield Problem(f"{where}.{key}", what, fix)


def _first_version(sub: Visited, follow: Follow, where: str) -> Iterator[Problem]:
    """The updater compares versions with the one that runs."""
    first = sub.config.image.tag or sub.spec.default_image[1]
    if follow.versions and not _VERSION.fullmatch(first):
        what = f"begins with the tag {first}, which is no version: the Image Updater would never replace it"
        fix = f"Write the version to begin with as `{sub.where}.image.tag`, or follow `newest`."
        yield Problem(f"{where}.versions", what, fix)
