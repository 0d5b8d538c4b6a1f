"""The base of every model of a stack file, and the forms of text that its fields share.

Modules of models do not postpone their annotations: pydantic would compile each of them at every start.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, create_model
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from panda_infra.config.model_keys import descriptions

__all__ = [
    "PORT",
    "Authorities",
    "Digest",
    "DnsLabel",
    "DnsName",
    "Form",
    "HostName",
    "LabelName",
    "LabelValue",
    "Model",
    "plain",
    "with_fields",
]


class Model(BaseModel):
    """A part of a stack file: camelCase keys, unknown keys refused, frozen after loading."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        strict=True,
        defer_build=True,
    )

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return the model itself: nobody changes one, and pydantic copies each default that is a model."""
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        made = handler(schema)
        properties = handler.resolve_ref_schema(made).get("properties", {})
        for key, text in descriptions(cls).items():
            properties[key]["description"] = text
        return made


@dataclass(frozen=True)
class Form:
    """The required form of a text, with one wording for errors, editors and documentation.

    ``pattern`` must match the whole text of at most ``longest`` characters, ``expected`` completes
    "must be ..." and ``example`` is a valid text.
    """

    pattern: str
    expected: str
    example: str
    longest: int = 1024

    def check(self, value: str) -> str:
        """Return the value; if it does not match, raise an error of type ``form`` that does not contain it."""
        if len(value) > self.longest or not re.fullmatch(self.pattern, value):
            raise PydanticCustomError("form", "must be {expected}", {"expected": self.expected})
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        text = {"pattern": f"^({self.pattern})$", "maxLength": self.longest, "examples": [self.example]}
        return handler(schema) | text


def plain(example: str) -> Form:
    """Any text of one line that is not blank."""
    return Form(r"\S(.*\S)?", "a text of one line without blanks at its ends", example)


_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
PORT = r"([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"
"""The pattern of a port from 1 to 65535."""

DnsLabel = Annotated[
    str,
    Form(
        _LABEL,
        "a DNS label: at most 63 lower-case letters, digits and dashes, no dash at an end",
        "panda",
        longest=63,
    ),
]
DnsName = Annotated[
    str,
    Form(
        rf"{_LABEL}(\.{_LABEL})*",
        "a Kubernetes name: lower-case letters, digits, dashes and dots",
        "manila-meyrin-cephfs",
        longest=253,
    ),
]
HostName = Annotated[
    str,
    Form(
        rf"{_LABEL}(\.{_LABEL})+",
        "a full host name in lower case",
        "pandaserver-doma.cern.ch",
        longest=253,
    ),
]
_KEY = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
LabelName = Annotated[
    str,
    Form(
        rf"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?{_KEY}",
        "the name of a label: letters, digits, dots, dashes and underscores, after a domain and a slash or not",
        "release",
        longest=317,
    ),
]
"""The key of a label, a selector or an annotation."""
LabelValue = Annotated[
    str,
    Form(
        rf"|{_KEY}",
        "the value of a label: at most 63 letters, digits, dots, dashes and underscores",
        "true",
        longest=63,
    ),
]
Digest = Annotated[
    str, Form(r"sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits", "sha256:" + 8 * "0123abcd")
]
Authorities = Annotated[
    str,
    Form(
        r"\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+",
        "certificates of authorities as PEM, one below the other",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        longest=1024 * 1024,
    ),
]

Made = TypeVar("Made", bound=Model)


def with_fields(fields: Mapping[str, Any]) -> Callable[[type[Made]], type[Made]]:
    """Add fields that are known only once all components have been found, after a model's own.

    Each is given by its name, in the form of pydantic's `create_model`.
    """

    def add(model: type[Made]) -> type[Made]:
        return create_model(
            model.__name__, __base__=model, __module__=model.__module__, __doc__=model.__doc__, **fields
        )

    return add
