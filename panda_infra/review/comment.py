"""A preview as one Markdown comment: risks first, then changes by component, cut to the platform's limit."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from panda_infra.review.deliveries import passed_on
from panda_infra.review.preview import Action, Preview, Step
from panda_infra.review.risks import Risk, risks
from panda_infra.tree import ABSENT, Difference

__all__ = ["Comment", "comment", "fenced", "marked_stack", "marker"]

# The platforms limit characters; bytes are counted here, which are never fewer.

_ACTIONS: Sequence[Action] = ("created", "changed", "replaced", "deleted")
_LONGEST_VALUE = 120
_LONGEST_ERROR, _MOST_ERRORS = 2_000, 10


@dataclass(frozen=True)
class Comment:
    """The text to post, cut to the platform's limit, and the whole text."""

    text: str
    whole: str


def marker(stack: str, topic: str = "preview") -> str:
    """The line that identifies the comment or issue of a stack."""
    return f"<!-- panda-infra {topic}: {stack} -->"


def marked_stack(text: str) -> str | None:
    """The stack of a preview's comment; None if another program or a person wrote it."""
    found = re.match(marker("(.+?)"), text)
    return found[1] if found else None


def comment(stack: str, preview: Preview, *, limit: int, commit: str = "", page: str = "") -> Comment:
    """The comment on a preview of a stack.

    Args:
        stack: its name.
        preview: of that stack.
        limit: maximum length in bytes.
        commit: the previewed commit, named at the end.
        page: the page of the whole stack, added at the end.
    """
    blocks = list(_blocks(stack, preview, commit))
    if page:
        blocks.append(f"<details><summary>the stack as a whole</summary>\n\n{page}\n</details>")
    return Comment(_fit(blocks, limit), _joined(blocks))


def _blocks(stack: str, preview: Preview, commit: str) -> Iterator[str]:
    """Parts of the comment, the most important first, because a long comment is cut at the end."""
    yield f"{marker(stack)}\n### Stack `{stack}`: {_headline(preview)}"
    if preview.errors:
        errors = "\n".join(error[:_LONGEST_ERROR] for error in preview.errors[:_MOST_ERRORS])
        yield f"**The preview failed.**\n\n{fenced(errors)}"
    if both := passed_on(preview):
        yield (
            f"**{', '.join(both)} pass between Helm and Argo CD**: what is deleted below is only the former's record; "
            "objects, pods and data stay"
        )
    found = risks(preview)
    if found:
        yield "**Risks, the worst first**\n\n" + "\n".join(_risk(risk) for risk in found)
    if preview.steps:
        yield _table(preview.steps)
    if commit:
        yield f"<sub>Preview of {commit}. Secret values are hidden.</sub>"
    for owner in dict.fromkeys(step.owner for step in preview.steps):
        yield _details(owner, [step for step in preview.steps if step.owner == owner])


def _headline(preview: Preview) -> str:
    counts = Counter(step.action for step in preview.steps)
    counted = ", ".join(f"{counts[action]} {action}" for action in _ACTIONS if counts[action])
    return f"{counted or 'nothing changes'}, {preview.unchanged} unchanged"


def _risk(risk: Risk) -> str:
    return f"1. **{risk.severity.title}**: {_code(risk.subject)}, {risk.reason}"


def _table(steps: Iterable[Step]) -> str:
    counts = Counter((step.owner, step.action) for step in steps)
    rows = ["| component | created | changed | replaced | deleted |", "|---|---|---|---|---|"]
    for owner in dict.fromkeys(owner for owner, _ in counts):
        cells = " | ".join(str(counts[owner, action] or "") for action in _ACTIONS)
        rows.append(f"| {owner} | {cells} |")
    return "\n".join(rows)


def _details(owner: str, steps: Sequence[Step]) -> str:
    lines = [f"<details><summary>{owner}</summary>", ""]
    for step in steps:
        kind = step.type.rsplit(":", 1)[-1]
        lines.append(f"- {kind} {_code(step.name)} is {step.action}")
        if step.action in ("changed", "replaced"):
            lines += [f"  - {_difference(difference)}" for difference in step.differences()]
        lines += [f"  - {_code(line)}" for note in step.notes for line in note.splitlines() if line.strip()]
    return "\n".join([*lines, "", "</details>"])


def _difference(difference: Difference) -> str:
    if difference.before == difference.after:
        return f"{_code(difference.path)}: a secret value changes"
    if difference.before == ABSENT:
        return f"{_code(difference.path)}: {_value(difference.after)} is new"
    if difference.after == ABSENT:
        return f"{_code(difference.path)}: {_value(difference.before)} goes"
    return f"{_code(difference.path)}: {_value(difference.before)} → {_value(difference.after)}"


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return _code(text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…")


def _code(text: str) -> str:
    """A text as inline code, so that nothing in it becomes markup, a mention or a new line."""
    flat = " ".join(text.split()) or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", flat)), default=0) + 1)
    return f"{fence}{flat}{fence}" if len(fence) == 1 else f"{fence} {flat} {fence}"


def fenced(text: str) -> str:
    """A text as a code block, whatever it contains."""
    fence = "`" * max(3, max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{fence}text\n{text}\n{fence}"


def _joined(blocks: Iterable[str]) -> str:
    return "\n\n".join(blocks) + "\n"


def _fit(blocks: Sequence[str], limit: int) -> str:
    """As many blocks as fit, in order, and a note on the number of others."""
    if len(_joined(blocks).encode()) <= limit:
        return _joined(blocks)
    for kept in range(len(blocks) - 1, 0, -1):
        note = (
            f"**{len(blocks) - kept} more parts** are in the whole text, which this run keeps as an artifact."
        )
        text = _joined([*blocks[:kept], note])
        if len(text.encode()) <= limit:
            return text
    return _joined(blocks[:1])
