"""Requirements on CRIC's lists by their readers (panda-server's Configurator, Harvester's queue information).

The readers open the files as UTF-8 and parse them with Python's `json`; the queues are then stored in a JSON column
of the database, which is stricter.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["NEEDED", "flaws"]

# If one of these fields is missing, a reader stops or skips the entry; `*` stands for every key of a mapping.
NEEDED: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "sites.json": {
        "name": (str,),
        "rc_site": (str,),
        "state": (str, type(None)),
        "tier_level": (int, type(None)),
        "datapolicies": (list, str),
        "ddmendpoints": (dict,),
        "ddmendpoints.*.state": (str,),
        "presources": (dict,),
        "presources.*.*.state": (str,),
    },
    "panda_queues.json": {
        "atlas_site": (str, type(None)),
        "panda_resource": (str,),
        "status": (str, type(None)),
        "type": (str, type(None)),
        "astorages": (dict, type(None)),
    },
    "ddm_endpoints.json": {
        "name": (str,),
        "site": (str, type(None)),
        "rse": (str,),
        "state": (str, type(None)),
        "token": (str, type(None)),
        "type": (str, type(None)),
        "is_tape": (bool, type(None)),
    },
}
_WORDS = {
    str: "a text",
    int: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
    type(None): "null",
}
_SHOWN = 20  # digits of a number in a message
# A database cannot store NUL characters and lone surrogates in JSON.
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def flaws(name: str, content: bytes) -> Iterator[str]:
    """The flaws of one of the lists, in words that complete "the file ..."."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"is not UTF-8 (at byte {error.start}), in which its readers open it"
        return
    if text.startswith("\ufeff"):
        yield "starts with a byte order mark, which its readers refuse: save it without"
        return
    reader = _Reader()
    try:
        entries = json.loads(
            text,
            object_pairs_hook=reader.mapping,
            parse_constant=reader.constant,
            parse_float=reader.number,
        )
    except (ValueError, RecursionError) as error:
        at = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        yield f"is no JSON{at}"
        return
    yield from reader.flaws
    if not isinstance(entries, dict):
        yield "must be one JSON object that maps names to entries"
        return
    if name in NEEDED and not entries:
        yield "has no entries"
    for field, kinds in NEEDED.get(name, {}).items():
        yield from _flaws_of_field(entries, field, kinds)


class _Reader:
    """Collects flaws that Python's `json` accepts silently."""

    def __init__(self) -> None:
        self.flaws: list[str] = []

    def mapping(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, count in Counter(key for key, _ in pairs).items():
            if count > 1:
                self.flaws.append(
                    f"contains {key!r} {count} times in one place: all but the last would be lost"
                )
        if any(_UNSTORABLE.search(text) for pair in pairs for text in pair if isinstance(text, str)):
            self.flaws.append(
                "contains a NUL character or half of a character, which no database stores as JSON"
            )
        return dict(pairs)

    def constant(self, word: str) -> None:
        self.flaws.append(f"contains {word}, which is no JSON: databases refuse it")

    def number(self, digits: str) -> float:
        if math.isinf(number := float(digits)):
            self.flaws.append(
                f"contains a number that is too large, {digits[:_SHOWN]}: readers take it for infinite"
            )
        return number


def _flaws_of_field(entries: dict[str, Any], field: str, kinds: tuple[type, ...]) -> Iterator[str]:
    found = {name: list(_values(entry, field.split("."))) for name, entry in entries.items()}
    without = [name for name, values in found.items() if _ABSENT in values]
    if without:
        yield f"the field {field} is missing in {len(without)} of {len(entries)} entries, first {without[0]}"
    wrong = [name for name, values in found.items() if any(not _is(value, kinds) for value in values)]
    if wrong:
        words = " or ".join(_WORDS[kind] for kind in kinds)
        yield f"{field} must be {words}: it is not in {len(wrong)} of {len(entries)} entries, first {wrong[0]}"


_ABSENT = object()


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    """The values at a path, ``_ABSENT`` for a missing one; nothing below a missing mapping is reported."""
    if not path:
        yield value
    elif path[0] == "*":
        for item in value.values() if isinstance(value, dict) else ():
            yield from _values(item, path[1:])
    elif not isinstance(value, dict) or path[0] not in value:
        if not (len(path) > 1 and path[1] == "*"):
            yield _ABSENT
    else:
        yield from _values(value[path[0]], path[1:])


def _is(value: Any, kinds: tuple[type, ...]) -> bool:
    if value is _ABSENT:
        return True  # reported on its own
    return isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
