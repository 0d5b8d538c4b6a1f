"""Changes of good files as people, editors and tools make them, for hypothesis: in their text and in their values."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from tests.support.held import CANARY

__all__ = ["FRAGMENTS", "bytes_of", "texts", "trees"]

FRAGMENTS = (
    *("\t", "\ufeff", "\0", "\x1b[31m", "\x85", "\u2028", "\u200b", "\u00a0", "\r"),
    *(
        "null",
        "~",
        "[]",
        "{}",
        "true",
        "yes",
        "off",
        "n",
        "-1",
        "0",
        "017",
        "0x1F",
        "0o17",
        "1_000",
        "1e3",
        "1e999",
    ),
    *(".nan", "-.inf", "1:30", "2001-01-01", "2001-01-01T10:00:00Z", "9" * 30, "9" * 5000, "=", "08"),
    *(
        "!!binary x",
        "!!str 1",
        "!!set {a}",
        "!!timestamp x",
        "!!int ''",
        "!!bool x",
        "!own x",
        "!!python/object:os.x {}",
    ),
    *(
        "&a [*a]",
        "&a x",
        "*a",
        "<<: {a: 1}",
        "<<: 1",
        "? [a]",
        "- ",
        "-",
        ": ",
        "# ",
        "%YAML 1.1",
        "---",
        "...",
    ),
    *(
        "{",
        "}",
        "[",
        "]",
        "'",
        '"',
        "|",
        ">",
        "`",
        "@",
        "\\",
        "{{ a }}",
        "${a}",
        "FIXME",
        "\u0430\u0441",
        "\uff1a",
        "\U0001f600",
    ),
)
"""What is put somewhere: signs, scalars that readers take differently, and YAML's own words."""

Draw = Callable[[Any], Any]

_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(["", " ", "x", "a b", "-", "é\u200b", "a\nb", "\0", "0", "true", "x" * 5000]),
    st.sampled_from([[], {}, [1, ["x"]], {"x": {"y": None}}]).map(copy.deepcopy),
)


def _lines(draw: Draw, text: str) -> str:
    """A text with one of its lines changed."""
    lines = text.split("\n")
    at = draw(st.integers(0, len(lines) - 1))
    other = draw(st.integers(0, len(lines) - 1))
    line = lines[at]
    match draw(
        st.sampled_from(("cut", "twice", "swap", "indent", "value", "key", "insert", "delete", "replace"))
    ):
        case "cut":
            del lines[at]
        case "twice":
            lines.insert(other, line)
        case "swap":
            lines[at], lines[other] = lines[other], line
        case "indent":
            lines[at] = draw(st.sampled_from(["", " ", "  ", "    ", "\t"])) + line.lstrip()
        case "value":
            lines[at] = f"{line.partition(': ')[0]}: {draw(st.sampled_from(FRAGMENTS))}"
        case "key":
            lines[at] = f"{draw(st.sampled_from(FRAGMENTS))}: {line.partition(': ')[2]}"
        case "insert":
            column = draw(st.integers(0, len(line)))
            lines[at] = line[:column] + draw(st.sampled_from(FRAGMENTS)) + line[column:]
        case "delete":
            column = draw(st.integers(0, max(0, len(line) - 1)))
            lines[at] = line[:column] + line[column + 1 :]
        case _:
            lines[at] = draw(st.sampled_from(FRAGMENTS))
    return "\n".join(lines)


@st.composite
def texts(draw: Draw, good: Sequence[str], most: int = 3) -> str:
    """One of the texts with up to ``most`` changes, sometimes cut off."""
    text = str(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(1, most))):
        text = _lines(draw, text)
    if draw(st.integers(0, 19)) == 0:
        text = text[: draw(st.integers(0, len(text)))]
    return text


@st.composite
def bytes_of(draw: Draw, good: Sequence[bytes], most: int = 3) -> bytes:
    """One of the files with up to ``most`` bytes changed, added or gone, sometimes cut off."""
    content = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(1, most))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        content[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    if draw(st.integers(0, 9)) == 0:
        del content[draw(st.integers(0, len(content))) :]
    return bytes(content)


@st.composite
def trees(draw: Draw, good: Sequence[Any], most: int = 3) -> Any:
    """One of the trees of mappings and lists with up to ``most`` values or keys changed, moved or gone."""
    tree = copy.deepcopy(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(1, most))):
        places = list(_places(tree))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(("cut", "value", "value", "move", "wrap", "rename"))):
            case "cut":
                del holder[key]
            case "value":
                holder[key] = draw(_VALUES)
            case "move":
                source, name = draw(st.sampled_from(places))
                # A secret in a place of another kind is shown there: nobody can know that it is one.
                if CANARY not in str(source[name]):
                    holder[key] = copy.deepcopy(source[name])
            case "wrap":
                holder[key] = draw(st.sampled_from([[holder[key]], {"x": holder[key]}]))
            case _ if isinstance(holder, dict):
                holder[draw(st.sampled_from(["x", "", "a.b", "é", str(key).upper()]))] = holder.pop(key)
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Each mapping or list with each of its keys or indexes."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield tree, key
        yield from _places(tree[key])
