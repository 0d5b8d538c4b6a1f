"""Places the cards of a picture: columns from left to right, lines that pass beside the cards between them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from panda_infra.cli.drawing.cards import Card, Picture

__all__ = ["LINE", "PADDING", "Box", "Layout", "lines_of", "place"]

LINE = 17.0
PADDING = 10.0
_CHARACTER = 6.7
_GAP_X = 64.0
_GAP_Y = 22.0
_LANE = 14.0  # height of a line that passes through a column
_TOP = 74.0
_MARGIN = 24.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A card's place; ``x`` and ``y`` are of its upper left corner, in pixels as everything here."""

    card: Card
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Where everything is; each path is the points that a line goes through."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    paths: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True)
class _Slot:
    """A card, or the place where a line passes through a column."""

    key: str
    card: Card | None


def lines_of(card: Card) -> tuple[tuple[str, str], ...]:
    """A card's lines of text, each with its kind: title, fact, host or secret."""
    return (
        ("title", card.title),
        *(("fact", fact) for fact in card.facts),
        *(("host", f"https://{host}") for host in card.hosts),
        *(("secret", secret) for secret in card.secrets),
    )


def place(picture: Picture) -> Layout:
    """Give each card its place, in an order within its column that keeps lines short."""
    columns, routes = _slots(picture)
    _order(columns, routes)
    boxes: list[Box] = []
    entry: dict[str, Point] = {}
    leave: dict[str, Point] = {}
    heights = [sum(_height(slot) + _GAP_Y for slot in column) - _GAP_Y for column in columns]
    tallest = max(heights, default=0.0)
    x = _MARGIN
    for column, height in zip(columns, heights, strict=True):
        width = max((_width(slot.card) for slot in column if slot.card), default=0.0)
        y = _TOP + (tallest - height) / 2
        for slot in column:
            middle = y + _height(slot) / 2
            entry[slot.key], leave[slot.key] = (x, middle), (x + width, middle)
            if slot.card:
                boxes.append(Box(slot.card, x, y, width, _height(slot)))
            y += _height(slot) + _GAP_Y
        x += width + _GAP_X
    paths = [_path(route, entry, leave) for route in routes]
    return Layout(max(x - _GAP_X, 0.0) + _MARGIN, _TOP + tallest + _MARGIN, tuple(boxes), tuple(paths))


def _slots(picture: Picture) -> tuple[list[list[_Slot]], list[list[str]]]:
    """The columns with the slots of passing lines added, and each line's way from slot to slot."""
    columns = [[_Slot(card.key, card) for card in column] for column in picture.columns]
    step = {card.key: index for index, column in enumerate(picture.columns) for card in column}
    routes = []
    for source, target in picture.edges:
        route = [source]
        for index in range(step[source] + 1, step[target]):
            slot = _Slot(f"{source}>{target}@{index}", None)
            columns[index].append(slot)
            route.append(slot.key)
        routes.append([*route, target])
    return columns, routes


def _order(columns: list[list[_Slot]], routes: list[list[str]]) -> None:
    """Put each slot near the middle of what it is connected to on its left."""
    before: dict[str, list[str]] = defaultdict(list)
    for route in routes:
        for source, target in pairwise(route):
            before[target].append(source)
    rank: dict[str, float] = {}
    for column in columns:
        weight = {
            slot.key: sum(rank[other] for other in before[slot.key]) / len(before[slot.key])
            if before[slot.key]
            else index / len(column)
            for index, slot in enumerate(column)
        }
        column.sort(key=lambda slot: weight[slot.key])
        rank |= {slot.key: (index + 0.5) / len(column) for index, slot in enumerate(column)}


def _path(route: list[str], entry: dict[str, Point], leave: dict[str, Point]) -> tuple[Point, ...]:
    inner = [point for key in route[1:-1] for point in (entry[key], leave[key])]
    return (leave[route[0]], *inner, entry[route[-1]])


def _height(slot: _Slot) -> float:
    return len(lines_of(slot.card)) * LINE + 2 * PADDING if slot.card else _LANE


def _width(card: Card) -> float:
    return max(len(text) for _, text in lines_of(card)) * _CHARACTER + 2 * PADDING
