"""Rule about the JSON files that replace CRIC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.errors import Problem
from panda_infra.products.panda.cric import CricSettings
from panda_infra.products.panda.cric_lists import check_folder
from panda_infra.products.rule import WHOLE, rule

if TYPE_CHECKING:
    from panda_infra.rules.subject import Subject

__all__ = ["check"]


@rule(WHOLE)
def check(subject: Subject) -> Iterator[Problem]:
    """The folder must contain each list that the server reads, if the stack reads lists at all."""
    if "cric-jsons" in subject.readers and "cric-jsons" not in subject.existing_secrets:
        yield from check_folder(subject.folder / subject.config.of(CricSettings).folder)
