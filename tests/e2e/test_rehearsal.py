"""Every stack file, whole, on the test bed: up, up again without a change, destroy with nothing left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from testbed import leftovers
from testbed.bed import Bed
from testbed.errors import BedError
from testbed.rehearsal import FIXTURES, rehearse
from tests.support.documented import documented
from tests.support.stack_files import STACKS, stack_file
from tools import REPOSITORY, toolchain

pytestmark = pytest.mark.e2e


# One with OpenStack and one with Routes; the others differ in numbers and names.
_EACH_TIME = ("doma", "sphenix")


@pytest.mark.parametrize(
    "stack",
    [pytest.param(stack, marks=() if stack in _EACH_TIME else pytest.mark.long) for stack in STACKS],
)
def test_a_stack_comes_stays_and_goes_without_a_trace(stack: str, bed: Bed) -> None:
    before = leftovers.of_cluster(bed)
    report = rehearse(stack_file(stack), bed=bed)
    assert report.passed, str(report)
    assert list(report.seconds) == ["up", "up again", "destroy"]
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()


@pytest.mark.long
def test_the_command_has_a_bed_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "panda-k8s").mkdir()
    (tmp_path / "panda-k8s" / "helm").symlink_to(FIXTURES)
    told = [
        documented("python -m panda_infra rehearse local"),
        documented("python -m panda_infra rehearse doma"),
        documented(
            "python -m panda_infra rehearse doma --charts ../panda-k8s",
            {"../panda-k8s": str(tmp_path / "panda-k8s")},
        ),
    ]
    environment = os.environ | toolchain.ensure(("pulumi",)).environment()
    for each in told:
        done = subprocess.run(
            [sys.executable, *each.words[1:]],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{each}\n{done.stdout}{done.stderr}"
        assert "nothing missing, no change by the second up, nothing left" in done.stdout


def test_a_step_that_fails_says_why_and_leaves_nothing_either(tmp_path: Path, bed: Bed) -> None:
    file = tmp_path / "Pulumi.nowhere.yaml"
    nowhere = {"activemq": {"nodeSelector": {"nowhere": "true"}}, "timeout": 10}
    sections = {
        "experiment": "dev",
        "namespace": "nowhere",
        "cluster": {"kind": "existing", "kubeconfig": "kubeconfig"},
        "storage": {"class": "of-the-site"},
        "components": {"msgsvc": nowhere},
    }
    file.write_text(
        yaml.safe_dump({"config": {f"panda-infra:{key}": value for key, value in sections.items()}})
    )
    before = leftovers.of_cluster(bed)
    with pytest.raises(BedError, match=r"rehearsal of nowhere: up failed:(.|\n)*panda-msgsvc"):
        rehearse(file, bed=bed)
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()
