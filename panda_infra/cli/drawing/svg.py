"""A picture as SVG, drawn without any other program."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from panda_infra.cli.drawing.cards import Picture
from panda_infra.cli.drawing.layout import LINE, PADDING, Box, Layout, Point, lines_of, place

__all__ = ["svg"]

_STYLE = """
  text { font: 11px ui-monospace, Menlo, Consolas, monospace; fill: #1f2933; }
  .heading { font: bold 15px system-ui, sans-serif; }
  .step { fill: #7b8794; text-anchor: middle; }
  .title { font-weight: bold; font-size: 12px; }
  .fact { fill: #52606d; }
  .host { fill: #0b69a3; }
  .secret { fill: #b44d12; }
  rect { fill: #ffffff; stroke: #9aa5b1; }
  path { fill: none; stroke: #7b8794; stroke-width: 1.5; }
  .paper { fill: #f5f7fa; stroke: none; }
""".strip("\n")


def svg(picture: Picture) -> str:
    """The drawing as one document that needs nothing else."""
    return "\n".join(_elements(picture, place(picture))) + "\n"


def _elements(picture: Picture, layout: Layout) -> Iterator[str]:
    size = f'width="{layout.width:.0f}" height="{layout.height:.0f}"'
    view = f'viewBox="0 0 {layout.width:.0f} {layout.height:.0f}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} role="img">'
    yield f"<title>{escape(picture.title)}</title>"
    yield f"<style>\n{_STYLE}\n</style>"
    yield (
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8" /></marker></defs>'
    )
    yield '<rect class="paper" width="100%" height="100%" />'
    yield f'<text class="heading" x="24" y="30">{escape(picture.title)}</text>'
    yield from _steps(picture, layout)
    for path in layout.paths:
        yield f'<path d="{_curve(path)}" marker-end="url(#arrow)" />'
    for box in layout.boxes:
        yield from _card(box)
    yield "</svg>"


def _steps(picture: Picture, layout: Layout) -> Iterator[str]:
    middle = {box.card.key: box.x + box.width / 2 for box in layout.boxes}
    for step, column in enumerate(picture.columns, start=1):
        yield f'<text class="step" x="{middle[column[0].key]:.0f}" y="56">step {step}</text>'


def _card(box: Box) -> Iterator[str]:
    place_ = f'x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}"'
    yield f'<rect {place_} rx="6" />'
    for number, (kind, text) in enumerate(lines_of(box.card), start=1):
        y = box.y + PADDING + number * LINE - 5
        yield f'<text class="{kind}" x="{box.x + PADDING:.0f}" y="{y:.0f}">{escape(text)}</text>'


def _curve(points: tuple[Point, ...]) -> str:
    """Bends between columns, and straight lines where a line passes through one."""
    (x, y), *rest = points
    text = f"M{x:.0f} {y:.0f}"
    for to_x, to_y in rest:
        middle = (x + to_x) / 2
        text += f" C{middle:.0f} {y:.0f} {middle:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"
        x, y = to_x, to_y
    return text
