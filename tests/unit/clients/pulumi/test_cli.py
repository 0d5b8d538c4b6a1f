"""Errors of the Pulumi CLI, as a person reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from panda_infra.clients.pulumi.cli import Pulumi, PulumiError


def cli(folder: Path, script: str) -> Pulumi:
    executable = folder / "pulumi"
    executable.write_text(f"#!/bin/sh\n{script}\n")
    executable.chmod(0o755)
    return Pulumi(str(executable), folder)


def test_a_stack_that_the_backend_does_not_know_is_reported_with_the_way_out(tmp_path: Path) -> None:
    unknown = cli(tmp_path, "echo \"error: no stack named 'doma' found\" >&2; exit 255")
    with pytest.raises(PulumiError) as caught:
        unknown.config("doma")
    reported = str(caught.value)
    assert "`pulumi config --show-secrets` failed" in reported
    assert "PULUMI_BACKEND_URL" in reported
    assert "python -m panda_infra init STACK" in reported


def test_other_failures_end_with_the_last_words(tmp_path: Path) -> None:
    with pytest.raises(PulumiError) as caught:
        cli(tmp_path, "seq 100 >&2; exit 1").run("stack", "ls")
    lines = str(caught.value).splitlines()
    assert (lines[0], lines[1], lines[-1]) == (f"`pulumi stack ls` failed in {tmp_path}:", "  89", "  100")


def test_values_come_and_go_byte_for_byte(tmp_path: Path) -> None:
    assert cli(tmp_path, "cat").run(stdin="a\r\nb") == "a\r\nb"


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("error: PULUMI_ACCESS_TOKEN must be set for login", "export PULUMI_BACKEND_URL=s3://BUCKET"),
        (
            "error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
            "PULUMI_CONFIG_PASSPHRASE_FILE names",
        ),
        ("error: incorrect passphrase", "encrypted with another passphrase"),
    ],
)
def test_what_is_missing_around_it_is_reported_with_what_to_do(
    tmp_path: Path, words: str, advice: str
) -> None:
    with pytest.raises(PulumiError) as caught:
        cli(tmp_path, f'echo "{words}" >&2; exit 1').has("doma")
    assert str(caught.value).splitlines()[0] == f"`pulumi stack` failed in {tmp_path}:"
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        "error: failed to load checkpoint: place 1: invalid character",
        "error: place 1: unexpected end of JSON input",
    ],
)
def test_a_state_that_cannot_be_read_is_named(tmp_path: Path, words: str) -> None:
    broken = cli(tmp_path, f'echo "{words}" >&2; exit 1')
    broken = replace(broken, environment={"PULUMI_BACKEND_URL": "s3://bucket/states?region=x"})
    with pytest.raises(PulumiError) as caught:
        broken.resource_count("doma")
    reported = (
        "the state of stack doma cannot be read: s3://bucket/states/.pulumi/stacks/panda-infra/doma.json"
    )
    assert reported in str(caught.value)
    with pytest.raises(PulumiError, match="the state of one of the stacks cannot be read"):
        broken.resource_counts()


def test_a_stack_that_the_backend_does_not_know_has_nothing(tmp_path: Path) -> None:
    unknown = cli(tmp_path, "echo \"error: no stack named 'doma' found\" >&2; exit 6")
    assert unknown.has("doma") is False
    assert unknown.resource_count("doma") == 0
    assert cli(tmp_path, "echo doma").has("doma") is True
    counted = cli(tmp_path, 'echo \'{"deployment": {"resources": [{}, {}]}}\'')
    assert counted.resource_count("doma") == 2
