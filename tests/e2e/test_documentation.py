"""The commands of README and docs are run, page by page, but for those that another test takes from there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    NoEncryption,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate

from panda_infra.authority import make_authority
from panda_infra.cli.errors import INCOMPLETE
from panda_infra.plan.make import make_plan
from panda_infra.reference.pages import PAGES as GENERATED
from panda_infra.stacks.page import page
from testbed import prerequisites, site
from testbed.bed import Bed
from testbed.stacks import on_bed
from testbed.workspace import overridden, shared
from tests.support import fast_yaml
from tests.support.documented import README, TOURS, documented, runs_elsewhere
from tests.support.pages import DOCS, Command, commands
from tests.support.stack_files import SAMPLES
from tests.unit.migration.conftest import SiteCheckout
from tools import REPOSITORY, cache, toolchain

pytestmark = pytest.mark.e2e

_HOSTS = ["pandaserver-doma.cern.ch", "pandaserver.mine.org"]
_PASSWORD = b"a-new-password"
# What a new stack needs here: a namespace that no other test has, and no protection.
_TEST_STACK = {"panda-infra:lifecycle": {"protect": False, "expires": "2099-12-31"}}
_NEW: Mapping[str, dict[str, Any]] = {
    "mine": {"panda-infra:namespace": "mine"} | _TEST_STACK,
    "alice": _TEST_STACK,
}


class Site:
    """A checkout of the program with the stack `doma` on a bed, a home, a state, and the files that the pages name."""

    def __init__(self, folder: Path, bed: Bed) -> None:
        self.bed = bed
        self.folder = folder / "panda-infra"
        self.folder.mkdir()
        for name in (
            "Pulumi.yaml",
            "__main__.py",
            "panda_infra",
            "policy",
            "cric_jsons",
            "sites",
            ".venv",
            "testbed",
            "tests",
            "tools",
        ):
            (self.folder / name).symlink_to(REPOSITORY / name)
        self._states = folder / "states"
        home = folder / "home"
        (home / ".kube").mkdir(parents=True)
        (home / ".kube" / "config").symlink_to(bed.kubeconfig)
        environment = {
            **os.environ,
            **toolchain.ensure(("pulumi", "plugin-kubernetes", "helm")).environment(),
        }
        self.environment = {
            **environment,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]]),
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(home),
            "KUBECONFIG": str(bed.kubeconfig),
            "PANDA_INFRA_CACHE": str(cache.root()),
            "PANDA_INFRA_STATE": str(folder / "beds"),
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
        }
        self._upstream(folder / "panda-k8s")
        self._files()

    def stack(self, name: str, sections: Mapping[str, Any]) -> None:
        """Replace sections of a stack file."""
        file = self.folder / f"Pulumi.{name}.yaml"
        document = fast_yaml.load(file.read_text()) if file.exists() else {"config": {}}
        document["config"] |= sections
        file.write_text(fast_yaml.dump(document, sort_keys=False))

    def run(self, command: Command, stack: str) -> None:
        """Run a command of a page as it stands there, but for addresses and questions.

        ``stack`` is that of the tour.
        """
        words = [self._substituted(word) for word in command.words]
        if words[:2] == ["pulumi", "up"]:
            # The policy pack judges the preview.
            words += [
                "--yes",
                "--non-interactive",
                *(["--skip-preview"] if "--policy-pack" not in words else []),
            ]
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment | self._state_of(stack),
            input=_PASSWORD,
            capture_output=True,
            check=False,
        )
        text = done.stdout.decode() + done.stderr.decode()
        # Commands that list what is missing may find something.
        allowed = {0, 1} if "audit" in words else {0, INCOMPLETE} if {"init", "import"} & {*words} else {0}
        assert done.returncode in allowed, f"{command}\n{text}"
        assert "Traceback" not in text, f"{command}\n{text}"
        if command.words[2:4] == ("panda_infra", "init") and (sections := _NEW.get(command.words[4])):
            self.stack(
                command.words[4], sections | {"panda-infra:charts": on_bed(self.bed)["panda-infra:charts"]}
            )

    def destroy(self, stack: str) -> None:
        """Take a stack off the bed, whatever became of it."""
        words = ["pulumi", "destroy", "--yes", "--skip-preview", "--stack", stack]
        environment = self.environment | self._state_of(stack)
        subprocess.run(words, cwd=self.folder, env=environment, capture_output=True, check=False)

    def _state_of(self, stack: str) -> dict[str, str]:
        """Each tour has a state of its own: a folder is no backend for several runs at once."""
        folder = self._states / stack
        folder.mkdir(parents=True, exist_ok=True)
        return {"PULUMI_BACKEND_URL": f"file://{folder}"}

    def _substituted(self, word: str) -> str:
        word = word.replace("oci://ghcr.io/pandawms/panda-k8s-charts", self.bed.chart_repository)
        return word.replace("~", self.environment["HOME"]) if word.startswith("~") else word

    def _upstream(self, folder: Path) -> None:
        upstream = SiteCheckout(folder)
        for experiment in ("ctao", "dev", "doma-k8s"):
            upstream.values("panda", experiment, {"server": {"persistentvolume": {"class": "standard"}}})
        upstream.secrets({"panda": {"database": {"password": "of-the-checkout"}}})

    def _files(self) -> None:
        parts = make_authority("Authority of the site", now=datetime.now(UTC)).issue(_HOSTS)
        for name, text in (
            ("hostcert.pem", parts.certificate),
            ("hostkey.pem", parts.key),
            ("chain.pem", parts.chain),
            ("token", "a.b.c"),
            ("robot.proxy", "proxy"),
            ("panda_token_key", "key"),
        ):
            (self.folder / name).write_text(text)
        key: Any = load_pem_private_key(parts.key.encode(), None)
        certificate = load_pem_x509_certificate(parts.certificate.encode())
        chain = [load_pem_x509_certificate(parts.chain.encode())]
        packed = pkcs12.serialize_key_and_certificates(b"host", key, certificate, chain, NoEncryption())
        (self.folder / "host.p12").write_bytes(packed)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, bed: Bed) -> Iterator[Site]:
    """DOMA's stack file on the bed, with the broker and PanDA alone so that it is quick."""
    made = Site(tmp_path_factory.mktemp("documentation"), bed)
    file = REPOSITORY / "Pulumi.doma.yaml"
    components = overridden(file, {})["panda-infra:components"]
    document = site.filled(
        file,
        on_bed(bed)
        | {
            "panda-infra:components": {name: components[name] for name in ("msgsvc", "panda")},
            "panda-infra:hosts": {"panda": _HOSTS[0]},
            "panda-infra:lifecycle": {"protect": False},
            # Its credential is the site's, and node-failure.md has the commands.
            "panda-infra:nodeRecovery": {"confirm": "none"},
        },
    )
    made.stack("doma", shared(document, REPOSITORY))
    shutil.copy(REPOSITORY / "Pulumi.sphenix.yaml", made.folder)
    made.stack("lsst", shared(site.filled(REPOSITORY / "Pulumi.lsst.yaml"), REPOSITORY))
    with prerequisites.provided(bed, make_plan("doma", site.configuration(document))):
        yield made
        with ThreadPoolExecutor() as pool:
            list(pool.map(made.destroy, TOURS))


@pytest.mark.long
def test_the_pages_work_one_after_the_other(here: Site) -> None:
    # Before there are threads: Python's parser, which looks for what runs elsewhere, bears one at a time.
    tours = {stack: _commands(tour) for stack, tour in TOURS.items()}
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(_walk, here, stack, tour) for stack, tour in tours.items()]:
            done.result()
    _walk(here, "doma", _commands([README]))


def _commands(tour: Sequence[Path]) -> list[Command]:
    """What to run of these pages; what stands in several once, and what deploys a last time after all changes."""
    every = [
        command
        for page in tour
        for command in (map(_of_readme, commands(page)) if page == README else commands(page))
    ]
    # What follows needs the deployment, whichever other test takes its command from a page too.
    here = [each for each in every if _deploys(each) or not runs_elsewhere(each)]
    first = {each.text: place for place, each in reversed(list(enumerate(here)))}
    last = {each.text: place for place, each in enumerate(here) if _deploys(each)}
    return [each for place, each in enumerate(here) if place in (first[each.text], last.get(each.text))]


def _deploys(command: Command) -> bool:
    return command.words[:2] == ("pulumi", "up")


def _walk(here: Site, stack: str, tour: Sequence[Command]) -> None:
    for command in tour:
        here.run(command, stack)


def _of_readme(command: Command) -> Command:
    """README writes STACK: an experiment without a stack file for the import, DOMA for the rest."""
    name = "ctao" if "import" in command.words else "doma"
    words = tuple(word.replace("STACK", name) for word in command.words)
    return Command(command.page, command.text.replace("STACK", name), words)


def test_the_tools_come_to_hand_as_reported() -> None:
    reported = [
        documented("make venv tools"),
        documented('export PATH="$PWD/.venv/bin:$PATH"'),
        documented('eval "$(python -m tools env)"'),
        documented("make doctor"),
    ]
    script = [
        "set -e",
        *(command.text for command in reported),
        "pulumi version",
        "helm version --short",
        "python -m panda_infra check local",
    ]
    shown = _output(["bash", "-c", "\n".join(script)], seconds=120)
    assert "local: ok" in shown


def test_generated_pages_are_written_and_are_current(tmp_path: Path) -> None:
    """`make docs`, in a copy: it would write over what it is compared with."""
    for name in ("Makefile", "cric_jsons", "pyproject.toml", "requirements-dev.lock", ".venv", "tests"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / "Pulumi.local.yaml").symlink_to(SAMPLES.file("local"))
    for name in ("panda_infra", "tools"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    docs = tmp_path / "docs"
    (docs / "stacks").mkdir(parents=True)
    (docs / "stacks" / "gone.md").touch()
    _output(documented("make docs").words, folder=tmp_path)
    written = {str(file.relative_to(docs)): file.read_text() for file in docs.rglob("*") if file.is_file()}
    assert written.pop("stacks/local.md").endswith(page(SAMPLES, "local"))
    assert "[local](local.md)" in written.pop("stacks/README.md")
    assert written == {name: (DOCS / name).read_text() for name in GENERATED}


def test_the_two_commands_of_the_readme(tmp_path: Path) -> None:
    """`make up`, `make status` and `make down`; the other one, `make test`, is what runs this."""
    reported = [documented("make up"), documented("make status"), documented("make down")]
    _on_a_bed_of_their_own(reported, tmp_path)


@pytest.mark.long
def test_a_running_bed_turns_to_other_charts(tmp_path: Path, checkout: Path) -> None:
    turn = documented("make up CHARTS=../panda-k8s", {"../panda-k8s": str(checkout)})
    reported = [documented("make up"), turn, documented("make status"), documented("make down")]
    _on_a_bed_of_their_own(reported, tmp_path)


def _on_a_bed_of_their_own(reported: Sequence[Command], tmp_path: Path) -> None:
    environment = {"PANDA_INFRA_STATE": str(tmp_path / "state")}
    try:
        for command in reported:
            _output(command.words, environment=environment)
    finally:
        _output([sys.executable, "-m", "testbed", "stop"], environment=environment)
    assert not any((tmp_path / "state").glob("*/*"))


@pytest.mark.long
def test_a_part_of_the_tests_runs_by_itself(checkout: Path) -> None:
    reported = [
        documented("python -m pytest tests/unit/plan -q"),
        documented("python -m pytest tests/e2e -k local_stack"),
        documented(
            "python -m pytest tests/unit/charts --upstream-charts ../panda-k8s",
            {"../panda-k8s": str(checkout)},
        ),
    ]
    for command in reported:
        assert re.search(r"[1-9]\d* passed", _output([sys.executable, *command.words[1:]], seconds=600))


@pytest.mark.long
def test_the_measurements_come_to_an_end(checkout: Path) -> None:
    reported = (
        documented("make bench"),
        documented("make bench CHARTS=../panda-k8s", {"../panda-k8s": str(checkout)}),
    )
    for command in reported:
        assert "fresh up" in _output(command.words, seconds=2400)


def _output(
    words: Sequence[str],
    *,
    folder: Path = REPOSITORY,
    seconds: float = 300,
    environment: Mapping[str, str] = {},
) -> str:
    """What a command prints that must work."""
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    return done.stdout
