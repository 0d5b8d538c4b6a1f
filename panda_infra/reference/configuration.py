"""docs/configuration.md: every key of a stack file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from panda_infra.config.expected import choices
from panda_infra.reference.keys import Key, Section, sections
from panda_infra.reference.markdown import MADE, code, slug, table

__all__ = ["configuration"]

_INTRODUCTION = """\
# Configuration

Every key that a stack file `Pulumi.STACK.yaml` may have. The first part of a key, its section, is written below
`config` with `panda-infra:` before it:

```yaml
config:
  panda-infra:experiment: dev
  panda-infra:components:
    panda:
      server:
        replicas: 2
```

A stack with `panda-infra:site: cern` holds only what differs from `sites/cern.yaml`, where the same sections stand
without `panda-infra:` before them and without secrets. The stack file goes over the site's: mappings merge,
lists and plain values replace the site's, and null removes a key that the site has: `harvester: null` below
`components` is a stack without Harvester at a site whose stacks have one.

```yaml
config:
  panda-infra:site: cern
  panda-infra:components:
    panda:
      server:
        replicas: 3
```

A section as a whole cannot be null; its keys can. Errors name the site's file where the value stands in it.

Unknown keys are refused, with the nearest known name. `python -m panda_infra explain STACK KEY` shows a key's
value in a stack and where it comes from. Editors that know YAML schemas complete and check stack files as they are
written: [stack.schema.json](stack.schema.json), [site.schema.json](site.schema.json).

Where a key has no default, it may be left out, and then the text, the chart or another key decides; required
keys are marked. NAME in a path is a name of your choice or, for volumes, one of the sub-component's; `[]` is each entry
of a list.
"""


def configuration() -> str:
    """The page."""
    found = sections()
    headings = {section.model: _heading(section) for section in found}
    assert len(set(map(slug, headings.values()))) == len(headings), "two sections with one anchor"  # noqa: S101
    return "\n".join(
        [MADE, _INTRODUCTION, *(line for section in found for line in _section(section, headings))]
    )


def _heading(section: Section) -> str:
    if section.paths == ("",):
        return "Sections"
    if len(section.paths) > 1:
        return section.meaning.partition(". ")[0].removesuffix(".")
    kind = section.model.model_fields.get("kind")
    options = choices(kind.annotation) if kind else ()
    return code(section.paths[0]) + (f" of kind `{options[0]}`" if len(options) == 1 else "")


def _section(section: Section, headings: Mapping[type[BaseModel], str]) -> Iterator[str]:
    yield f"## {headings[section.model]}\n"
    if len(section.paths) > 1:
        rest = section.meaning.partition(". ")[2]
        yield f"{rest + ' ' if rest else ''}Stands at {', '.join(map(code, section.paths))}.\n"
    elif section.paths != ("",):
        yield f"{section.meaning}\n"
    rows = [_row(key, headings) for key in section.keys]
    yield from table(("key", "value", "default", "meaning", "example"), rows)


def _row(key: Key, headings: Mapping[type[BaseModel], str]) -> tuple[str, ...]:
    links = ", ".join(
        f"[{headings[model].replace('`', '')}](#{slug(headings[model])})" for model in key.below
    )
    return (
        code(key.name),
        f"{key.expected}: {links}" if links else key.expected,
        "**required**" if key.required else code(key.default),
        key.meaning,
        code(key.example),
    )
