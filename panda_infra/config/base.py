"""The base of every model of a stack file, and the types that its fields share."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

__all__ = ["Digest", "DnsLabel", "HostName", "Model", "Quantity"]

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")


class Model(BaseModel):
    """A part of a stack file: camelCase keys, nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        strict=True,
    )


def _dns_label(value: str) -> str:
    if len(value) > 63 or not _DNS_LABEL.fullmatch(value):  # noqa: PLR2004 - RFC 1123
        msg = "must be a DNS label: at most 63 lower-case letters, digits and dashes, no dash at an end"
        raise ValueError(msg)
    return value


def _host_name(value: str) -> str:
    labels = value.split(".")
    valid = len(value) <= 253 and len(labels) >= 2  # noqa: PLR2004 - RFC 1123
    if not valid or not all(len(label) <= 63 and _DNS_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004
        msg = "must be a full host name in lower case, such as panda.example-site.ch"
        raise ValueError(msg)
    return value


def _quantity(value: str) -> str:
    if not _QUANTITY.fullmatch(value):
        msg = "must be a Kubernetes quantity in quotes, such as '500m', '4' or '16Gi'"
        raise ValueError(msg)
    return value


DnsLabel = Annotated[str, AfterValidator(_dns_label)]
HostName = Annotated[str, AfterValidator(_host_name)]
Quantity = Annotated[str, AfterValidator(_quantity)]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
