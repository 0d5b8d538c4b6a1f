from pathlib import Path

import pytest

from testbed.errors import BedError
from testbed.openstack_bed import launch, template
from testbed.openstack_bed.settings import Settings

ECHO = '#!/bin/sh\necho "$@" bytecode="$PYTHONDONTWRITEBYTECODE" at "$PANDA_INFRA_OPENSTACK"\n'


@pytest.fixture
def bed(tmp_path: Path) -> Settings:
    python = tmp_path / "services" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(ECHO)
    python.chmod(0o755)
    return template.settings(tmp_path, tmp_path / "services", "hunter2")


def test_process_is_the_services_interpreter_and_keeps_what_it_compiles(
    bed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    process = launch.spawn(bed, "schema", "nova")
    assert process.child.wait() == 0
    expected = f"-m testbed.openstack_bed.services schema nova bytecode= at {bed.folder}\n"
    assert process.log.read_text() == expected


def test_end_of_a_process_ends_the_waiting(bed: Settings) -> None:
    process = launch.spawn(bed, "keystone")
    process.child.wait()
    with pytest.raises(BedError, match="keystone ended with exit code 0"):
        launch.await_api(bed, [process], "nova")
