"""Exchange the values that others own, in the engine's calls on a release and in the answers.

Helm gets such a value from the cluster, but the engine keeps the value of the stack file: the work of an autoscaler
is not a change of the stack.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from panda_infra.helm.others import Found, base
from panda_infra.plan.values.owners import IMAGE_TAG, REPLICA_COUNT, Owned, owned_by_others

__all__ = ["SECRET", "as_wanted", "owned_in", "with_others"]

SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105
"""Marks an encrypted value on the wire."""

_VALUES, _INPUTS = "values", "__inputs"  # of a release; the second is the official plugin's copy
_IMAGE = "image"


def owned_in(properties: Struct) -> Owned:
    """The values that others own, of a release with these properties."""
    values: dict[str, Any] = MessageToDict(properties).get(_VALUES) or {}
    return owned_by_others(values)


def with_others(properties: Struct, found: Iterable[Found]) -> Struct:
    """A copy of a release's properties with the values that others have set."""
    copy = Struct()
    copy.CopyFrom(properties)
    for one in found:
        below = _values(copy).fields[one.sub_chart].struct_value
        if one.replicas is not None:
            below.fields[REPLICA_COUNT].number_value = one.replicas
        if one.tag is None or one.repository is None:
            continue
        image = below.fields[_IMAGE].struct_value
        named = image.fields["repository"].string_value if "repository" in image.fields else ""
        # If the stack file names another image, the tag of the former one does not apply.
        if named in ("", base(one.repository)):
            image.fields["tag"].string_value = one.tag
            if "@" in one.repository:
                image.fields["repository"].string_value = one.repository
    return copy


def as_wanted(answer: Struct, wanted: Struct) -> None:
    """Replace the values that others have set by the wanted ones; nothing else is changed."""
    owned = owned_in(wanted)
    for known in (answer, _inputs(answer)):
        if known is None or _VALUES not in known.fields:
            continue
        for sub, theirs in owned.items():
            # A lookup by brackets would add a missing key without a value.
            if sub not in _values(known).fields:
                continue
            was, now = _values(wanted).fields[sub].struct_value, _values(known).fields[sub].struct_value
            if REPLICA_COUNT in theirs:
                _put_back(now, was, REPLICA_COUNT)
            if IMAGE_TAG in theirs and _IMAGE in now.fields:
                image = was.fields[_IMAGE].struct_value if _IMAGE in was.fields else Struct()
                for key in ("repository", "tag"):
                    _put_back(now.fields[_IMAGE].struct_value, image, key)
                if not now.fields[_IMAGE].struct_value.fields and _IMAGE not in was.fields:
                    del now.fields[_IMAGE]


def _inputs(properties: Struct) -> Struct | None:
    """The official plugin's copy of a release's inputs, which is a secret as a whole."""
    if _INPUTS not in properties.fields:
        return None
    found: Struct = properties.fields[_INPUTS].struct_value
    return found.fields["value"].struct_value if SECRET in found.fields else found


def _put_back(now: Struct, was: Struct, key: str) -> None:
    if key in was.fields:
        now.fields[key].CopyFrom(was.fields[key])
    elif key in now.fields:
        del now.fields[key]


def _values(properties: Struct) -> Struct:
    found: Struct = properties.fields[_VALUES].struct_value
    return found
