"""The umbrella chart with which a stack is compared."""

from __future__ import annotations

import pytest

from bench.umbrella import Figures, release_named


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("name: {{ .Release.Name }}", 'name: {{ "ctao-rucio" }}'),
        ('{{ printf "%s-x" $.Release.Name }}', '{{ printf "%s-x" "ctao-rucio" }}'),
        ("{{ .Release.Namespace }}", "{{ .Release.Namespace }}"),
    ],
)
def test_objects_are_named_as_those_of_single_releases(template: str, made: str) -> None:
    assert release_named(template, "ctao-rucio") == made


def test_ratios_compare_with_the_umbrella() -> None:
    assert list(Figures(30, 5, 20, 2).ratios().values()) == [1.5, 2.5]
