"""Every stack file, whole, on the test bed: up, up again without a change, destroy with nothing left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import pytest

from panda_infra.review.preview import read
from testbed import leftovers, site
from testbed.bed import Bed
from testbed.consumers import run
from testbed.consumers.registry import OF_PANDA
from testbed.errors import BedError
from testbed.rehearsal import Change, Delivery, rehearse
from tests.support import fast_yaml
from tests.support.documented import documented
from tests.support.pages import Command
from tests.support.stack_files import STACKS, stack_file
from tools import REPOSITORY, toolchain

pytestmark = [pytest.mark.e2e, pytest.mark.long]

# Seconds of all steps.
_GOAL = 180
# Load of each core up to which others leave enough: with twice as much, less than half of the goal was measured.
_BUSY = 2


@pytest.mark.parametrize("delivery", get_args(Delivery))
@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_comes_stays_and_goes_without_a_trace(stack: str, delivery: Delivery, bed: Bed) -> None:
    before = leftovers.of_cluster(bed)
    report = rehearse(stack_file(stack), bed=bed, delivery=delivery)
    assert report.passed, str(report)
    assert list(report.seconds) == ["up", "up again", "destroy"]
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()


@pytest.mark.alone
@pytest.mark.skipif("ctao" not in STACKS, reason="DPPS is not deployed")
def test_dpps_comes_stays_and_goes_within_its_goal(bed: Bed) -> None:
    """On a bed that runs; a machine that does much else measures that too."""
    load, cores = os.getloadavg()[1], os.cpu_count() or 1
    if load > _BUSY * cores:
        pytest.skip(f"the machine does other work: its load is {load:.1f} with {cores} cores")
    report = rehearse(stack_file("ctao"), bed=bed, delivery="helm")
    assert report.passed, str(report)
    assert sum(report.seconds.values()) <= _GOAL, str(report)


def test_panda_s_own_software_reads_what_was_deployed(bed: Bed) -> None:
    if reason := run.obstacle():
        pytest.skip(reason)
    report = rehearse(stack_file("local"), bed=bed, consumers=True)
    assert report.passed, str(report)
    assert {check.consumer for check in report.consumers} == set(OF_PANDA)


def test_what_a_commit_changes_is_previewed_on_what_was_there(tmp_path: Path, bed: Bed) -> None:
    earlier, later = tmp_path / "earlier", tmp_path / "later"
    for folder, notes in ((earlier, {}), (later, {"a": "b"})):
        folder.mkdir()
        _stack(folder / "Pulumi.changing.yaml", {"activemq": {"annotations": notes}})
    for name in ("Pulumi.yaml", "__main__.py", "panda_infra", "cric_jsons", "sites"):
        (earlier / name).symlink_to(REPOSITORY / name)
    printed: list[str] = []
    report = rehearse(later / "Pulumi.changing.yaml", change=Change(earlier, printed.append), bed=bed)
    assert report.passed, str(report)
    assert list(report.seconds) == ["up before the change", "up", "up again", "destroy"]
    assert [(step.name, step.action) for step in read(printed[0]).steps] == [("msgsvc", "changed")]


def test_the_command_has_a_bed_of_its_own(checkout: Path) -> None:
    reported = [
        documented("python -m panda_infra rehearse local"),
        documented("python -m panda_infra rehearse local --delivery argocd"),
        documented("python -m panda_infra rehearse doma"),
        documented("python -m panda_infra rehearse ctao"),
        documented(
            "python -m panda_infra rehearse doma --charts ../panda-k8s",
            {"../panda-k8s": str(checkout)},
        ),
    ]
    for each in reported:
        assert "nothing missing, no change by the second up, nothing left" in _output(each, REPOSITORY)


def test_a_report_on_each_requirement_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    command = documented(
        "python -m panda_infra rehearse ctao --verified verified",
        {"--verified verified": f"--verified {folder}"},
    )
    assert "nothing left" in _output(command, REPOSITORY)
    requirements = json.loads((folder / "verify.json").read_text())["requirements"]
    assert {each["id"] for each in requirements} >= {"DPPS-NEW", "DPPS-CERTIFICATES"}
    assert not [each for each in requirements if each["result"] == "failed"]
    suite = ElementTree.parse(folder / "verify.xml").getroot().find("testsuite")
    assert suite is not None
    assert suite.get("failures") == "0"


def test_a_step_that_fails_says_why_and_leaves_nothing_either(tmp_path: Path, bed: Bed) -> None:
    file = tmp_path / "Pulumi.nowhere.yaml"
    beside_nobody = {
        "labelSelector": {"matchLabels": {"is": "nowhere"}},
        "topologyKey": "kubernetes.io/hostname",
    }
    # What pods want of each other no preview can judge.
    affinity = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [beside_nobody]}}
    _stack(file, {"activemq": {"affinity": affinity}, "timeout": 10})
    before = leftovers.of_cluster(bed)
    with pytest.raises(BedError, match=r"rehearsal of nowhere: up failed:(.|\n)*panda-msgsvc"):
        rehearse(file, bed=bed)
    assert leftovers.remaining(lambda: leftovers.of_cluster(bed), before) == ()


def _stack(file: Path, broker: Mapping[str, Any]) -> None:
    """A small stack in the namespace of its name."""
    sections = {
        "experiment": "dev",
        "namespace": site.stack_name(file),
        "cluster": {"kind": "existing", "kubeconfig": "kubeconfig"},
        "storage": {"class": "of-the-site"},
        "components": {"msgsvc": broker},
    }
    file.write_text(
        fast_yaml.dump({"config": {f"panda-infra:{key}": value for key, value in sections.items()}})
    )


def _output(command: Command, folder: Path) -> str:
    """What a command of the program prints that must work."""
    done = subprocess.run(
        [sys.executable, *command.words[1:]],
        cwd=folder,
        env=os.environ | toolchain.ensure(("pulumi",)).environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout
