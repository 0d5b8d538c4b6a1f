"""The descriptions of fields are those that pydantic reads."""

from pydantic import BaseModel, ConfigDict, Field, create_model

from panda_infra.config.model_keys import descriptions
from panda_infra.config.stack import StackConfig
from tools.errors import ToolsError


class Base(BaseModel):
    """What pydantic reads by itself."""

    model_config = ConfigDict(use_attribute_docstrings=True, alias_generator=str.upper)

    inherited: int = 1
    """Of the base,
    in two lines."""
    replaced: int = 1
    """Of the base."""
    bare: int = 1


class Whole(Base):
    """A model with each kind of field."""

    replaced: int = 2
    """Of the model itself."""
    own: int = Field(default=3, description="Its own.")
    """Never read."""

    class Inner(Base):
        """A model within a model."""

        bare: int = 2
        """Of the inner model."""


def read_by_pydantic(model: type[BaseModel]) -> dict[str, str]:
    return {
        info.alias or name: info.description for name, info in model.model_fields.items() if info.description
    }


def test_descriptions_are_those_that_pydantic_reads() -> None:
    made = create_model(
        "Made", __base__=Whole, added=(int, Field(default=0, alias="ADDED", description="Added."))
    )

    class Local(Base):
        bare: int = 4
        """Of a model in a function."""

    assert descriptions(Local)["BARE"] == "Of a model in a function."
    for model in (Base, Whole, Whole.Inner, made, Local):
        # Without those, pydantic's own would be taken.
        expected = read_by_pydantic(model)
        for info in model.model_fields.values():
            if info.description not in ("Its own.", "Added."):
                info.description = None
        descriptions.cache_clear()
        assert descriptions(model) == expected, model


def test_every_section_of_a_stack_is_described() -> None:
    keys = {info.alias or name for name, info in StackConfig.model_fields.items()}
    assert descriptions(StackConfig).keys() == keys


def test_a_model_without_a_source_has_the_descriptions_of_its_fields_alone() -> None:
    made = create_model("Made", __module__=ToolsError.__module__, value=(int, Field(description="A number.")))
    assert descriptions(made) == {"value": "A number."}
