"""A picture as Mermaid text, which GitHub and GitLab draw inside Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.cli.drawing.cards import Card, Picture

__all__ = ["mermaid"]


def mermaid(picture: Picture) -> str:
    """The flow chart: hosts lead to their component, dotted lines to the Secrets that it reads."""
    return "\n".join(_lines(picture)) + "\n"


def _lines(picture: Picture) -> Iterator[str]:
    yield "---"
    yield f"title: {picture.title}"
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
