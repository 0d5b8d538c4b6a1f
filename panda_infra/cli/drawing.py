"""A Plan as a Mermaid flow chart, which GitHub and GitLab draw inside Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from panda_infra.plan.argocd import ArgoCdPlan
from panda_infra.plan.consumers import enabled_sub_components
from panda_infra.plan.model import Plan, Release
from panda_infra.products.model import ComponentSpec
from panda_infra.products.registry import COMPONENTS

__all__ = ["Card", "Picture", "mermaid", "picture"]

_WIDEST = 400  # pixels of a line; in narrower ones Mermaid breaks names of Secrets at their dashes


@dataclass(frozen=True)
class Card:
    """A component: its title, its release with chart and workloads, its hosts, and the Secrets that it reads."""

    key: str
    title: str
    facts: tuple[str, ...]
    hosts: tuple[str, ...]
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """All cards in columns: a card's column is the step in which it can be deployed at the earliest.

    ``edges`` lead from a component to those that wait for it; edges that follow from others are left out.
    """

    title: str
    columns: tuple[tuple[Card, ...], ...]
    edges: tuple[tuple[str, str], ...]


def picture(plan: Plan) -> Picture:
    """The picture of a plan."""
    after = {release.component: release.after for release in plan.releases}
    step: dict[str, int] = {}
    for name, others in after.items():  # in the order of deployment
        step[name] = max((step[other] + 1 for other in others), default=0)
    columns: list[list[Card]] = [[] for _ in range(max(step.values(), default=-1) + 1)]
    for release in plan.releases:
        columns[step[release.component]].append(_card(release, plan))
    if plan.argocd:
        columns[0].append(_of_argocd(plan.argocd))
    title = f"{plan.stack} ({plan.config.experiment}) in namespace {plan.config.namespace}"
    return Picture(title, tuple(map(tuple, columns)), tuple(_edges(after)))


def mermaid(picture: Picture) -> str:
    """The flow chart: hosts lead to their component, dotted lines to the Secrets that it reads."""
    return "\n".join(_lines(picture)) + "\n"


def _edges(after: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    awaited: dict[str, set[str]] = {}
    for name, others in after.items():
        awaited[name] = set(others).union(*(awaited[other] for other in others))
    for name, others in after.items():
        for other in others:
            if not any(other in awaited[between] for between in others):
                yield other, name


def _card(release: Release, plan: Plan) -> Card:
    spec = COMPONENTS[release.component]
    component = plan.config.components.deployed()[release.component]
    workloads = [
        f"{sub.name} x {replicas}" if (replicas := getattr(config, "replicas", 1)) > 1 else sub.name
        for sub, config in enabled_sub_components(spec, component)
    ]
    return Card(
        key=spec.name,
        title=spec.title,
        facts=(
            f"release {release.name}",
            f"chart {release.chart.name} {release.chart.version}",
            ", ".join(workloads),
        ),
        hosts=tuple(plan.hosts[end.host] for end in spec.endpoints if end.host in plan.hosts),
        secrets=tuple(_secrets(spec, plan)),
    )


def _of_argocd(argocd: ArgoCdPlan) -> Card:
    return Card(
        key="argocd",
        title="Argo CD",
        facts=(f"version {argocd.version}", f"namespace {argocd.namespace}"),
        hosts=(argocd.host,) if argocd.host else (),
        secrets=(),
    )


def _secrets(spec: ComponentSpec, plan: Plan) -> Iterator[str]:
    for suffix, readers in plan.secrets.items():
        if any(reader.component == spec.name for reader in readers):
            yield plan.names.secret(suffix)


def _lines(picture: Picture) -> Iterator[str]:
    yield "---"
    yield f"title: {picture.title}"
    yield f"config: {{flowchart: {{wrappingWidth: {_WIDEST}}}}}"
    yield "---"
    yield "flowchart LR"
    for step, column in enumerate(picture.columns, start=1):
        yield f'  subgraph step{step}["step {step}"]'
        for card in column:
            yield f'    {_id(card.key)}["{_label(card)}"]'
        yield "  end"
    for source, target in picture.edges:
        yield f"  {_id(source)} --> {_id(target)}"
    for card in (card for column in picture.columns for card in column):
        for number, host in enumerate(card.hosts, start=1):
            yield f'  {_id(card.key)}_host{number}(["https://{host}"]) ==> {_id(card.key)}'
        if card.secrets:
            yield f'  {_id(card.key)} -.-> {_id(card.key)}_secrets[("{"<br/>".join(card.secrets)}")]'


def _label(card: Card) -> str:
    return "<br/>".join((f"<b>{card.title}</b>", *card.facts))


def _id(key: str) -> str:
    return key.replace("-", "_")
