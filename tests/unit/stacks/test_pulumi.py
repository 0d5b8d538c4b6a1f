"""What the Pulumi CLI says, as a person reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from panda_infra.stacks.pulumi import Pulumi, PulumiError


def cli(folder: Path, script: str) -> Pulumi:
    executable = folder / "pulumi"
    executable.write_text(f"#!/bin/sh\n{script}\n")
    executable.chmod(0o755)
    return Pulumi(str(executable), folder)


def test_a_stack_that_the_backend_does_not_know_is_told_with_the_way_out(tmp_path: Path) -> None:
    unknown = cli(tmp_path, "echo \"error: no stack named 'doma' found\" >&2; exit 255")
    with pytest.raises(PulumiError) as caught:
        unknown.config("doma")
    told = str(caught.value)
    assert "`pulumi config --show-secrets` failed" in told
    assert "PULUMI_BACKEND_URL" in told
    assert "python -m panda_infra init STACK" in told


def test_other_failures_end_with_the_last_words(tmp_path: Path) -> None:
    with pytest.raises(PulumiError) as caught:
        cli(tmp_path, "seq 100 >&2; exit 1").run("stack", "ls")
    lines = str(caught.value).splitlines()
    assert (lines[0], lines[1], lines[-1]) == (f"`pulumi stack ls` failed in {tmp_path}:", "  89", "  100")


def test_values_come_and_go_byte_for_byte(tmp_path: Path) -> None:
    assert cli(tmp_path, "cat").run(stdin="a\r\nb") == "a\r\nb"
