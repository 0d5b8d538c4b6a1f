"""What the docstrings of fields say, without pydantic's help."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, Field, create_model

from panda_infra.config.descriptions import descriptions


class Base(BaseModel):
    """A model."""

    kept: int
    """In the
    base."""
    changed: int = 1
    """Before."""
    bare: int


class Derived(Base):
    """A model that is one of the others."""

    changed: int = Field(2, alias="otherName")
    """After."""
    constant: ClassVar = "no field"
    """Of no field."""


def test_fields_of_base_classes_count_and_the_nearest_text_wins() -> None:
    assert descriptions(Base) == {"kept": "In the\nbase.", "changed": "Before."}
    assert descriptions(Derived) == {"kept": "In the\nbase.", "changed": "After."}


def test_a_model_without_sources_has_the_texts_of_its_base() -> None:
    assert descriptions(create_model("Made", __base__=Derived, more=(int, 1))) == descriptions(Derived)
