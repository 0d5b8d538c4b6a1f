"""`dev up` of a stack that exists."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from panda_infra.cli.app import app
from panda_infra.stacks.document import compose
from tests.unit.cli.conftest import SMALL, FakeCli

_ALICE = {
    **SMALL,
    "namespace": "dev-alice",
    "affix": "-alice",
    "lifecycle": {"protect": False, "expires": "2099-12-31"},
    "developer": {"parent": "small", "user": "alice"},
}


def test_an_image_that_breaks_a_rule_is_not_written(
    project: Path, stack_file: Path, fake_cli: FakeCli
) -> None:
    assert stack_file.is_file()
    fake_cli.stacks.append("dev-alice")
    file = project / "Pulumi.dev-alice.yaml"
    file.write_text(compose(_ALICE, "Of alice."))
    before = file.read_text()
    image = "panda.server=registry.invalid/nobody/none:1"
    done = CliRunner().invoke(app, ["dev", "up", "alice", "--image", image])
    assert done.exit_code == 1
    assert "names an example domain that belongs to nobody" in done.output
    assert file.read_text() == before


def test_what_is_fixed_at_the_beginning_is_changed_in_the_file(
    project: Path, stack_file: Path, fake_cli: FakeCli
) -> None:
    assert stack_file.is_file()
    fake_cli.stacks.append("dev-alice")
    (project / "Pulumi.dev-alice.yaml").write_text(compose(_ALICE, "Of alice."))
    done = CliRunner().invoke(app, ["dev", "up", "alice", "--component", "ui", "--user", "bob"])
    assert done.exit_code == 1
    assert "change it there instead of --component and --user" in done.output
    other = CliRunner().invoke(app, ["dev", "up", "alice", "--from", "another"])
    assert "shares the cluster of small, not of another" in other.output
