"""Every command of README and docs is run: here, page by page, or by the test that is named here."""

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
import yaml
from cryptography.hazmat.primitives.serialization import (
    NoEncryption,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate

from panda_infra.plan.make import make_plan
from panda_infra.secrets.certificates import make_authority
from testbed import prerequisites, site
from testbed.bed import Bed
from testbed.stacks import on_bed
from tests.support.documents import DOCS, PAGES, Command, commands, inline_commands
from tests.unit.migration.conftest import SiteCheckout
from tools import REPOSITORY, cache, toolchain

pytestmark = pytest.mark.e2e

README = REPOSITORY / "README.md"
# Each tour has a stack of its own; its pages are in an order in which one finds what it needs of those before it.
TOURS = [
    [
        DOCS / "first-deployment-cern.md",
        DOCS / "rotate-a-secret.md",
        DOCS / "renew-a-certificate.md",
        DOCS / "add-a-component.md",
        DOCS / "scale.md",
        DOCS / "upgrade-a-chart.md",
    ],
    [DOCS / "first-deployment-own-cluster.md"],
    [DOCS / "develop.md"],
]
WALKED = [*(page for tour in TOURS for page in tour), README]
# Commands, and what runs them instead of the walk through the pages.
ELSEWHERE: Mapping[str, str] = {
    r"make (up|doctor|venv tools)|export PATH=|eval ": "tests/e2e/test_documentation.py",
    r"make test-long": ".github/workflows/long.yml",
    r"make (test|check)|python -m pytest ": ".ci/run",
    r"make bench": "bench/__main__.py",
    r"make docs": "tests/unit/docs/test_reference.py",
    r"python -m panda_infra rehearse ": "tests/e2e/test_rehearsal.py",
    r"python -m panda_infra preview .*--stand-ins": "tests/e2e/test_cli_secrets.py",
    r"python -m panda_infra (plan-changes|review) ": "tests/e2e/test_pull_requests.py",
    r"python -m panda_infra (destroy dev|residue|expired)": "tests/e2e/test_teardown.py",
    r"pulumi preview --(diff|refresh) ": "tests/e2e/test_pull_requests.py",
    r"pulumi preview --policy-pack ": "tests/e2e/test_policy_pack.py",
    r"export |pulumi (stack ls|cancel|stack export)|PULUMI_BACKEND_URL=|shred ": "tests/e2e/test_shared_state.py",
    # Other people's programs, with nothing of ours in them.
    r"openstack |kubectl ": "docs/README.md",
    r"pulumi stack change-secrets-provider ": "docs/rotate-a-secret.md",
}
_HOSTS = ["pandaserver-doma.cern.ch", "pandaserver.mine.org"]
_PASSWORD = b"a-new-password"
# What a new stack needs here: a namespace that no other test has, and no protection.
_TEST_STACK = {"panda-infra:lifecycle": {"protect": False, "expires": "2099-12-31"}}
_NEW: Mapping[str, dict[str, Any]] = {
    "mine": {"panda-infra:namespace": "mine"} | _TEST_STACK,
    "alice": _TEST_STACK,
}


def elsewhere(command: Command) -> str | None:
    return next((where for pattern, where in ELSEWHERE.items() if re.match(pattern, command.text)), None)


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
            "cric_jsons",
            ".venv",
            "testbed",
            "tests",
            "tools",
        ):
            (self.folder / name).symlink_to(REPOSITORY / name)
        (folder / "state").mkdir()
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
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
        }
        self._upstream(folder / "panda-k8s")
        self._files()

    def stack(self, name: str, sections: Mapping[str, Any]) -> None:
        """Replace sections of a stack file."""
        file = self.folder / f"Pulumi.{name}.yaml"
        document = yaml.safe_load(file.read_text()) if file.exists() else {"config": {}}
        document["config"] |= sections
        file.write_text(yaml.safe_dump(document, sort_keys=False))

    def run(self, command: Command) -> None:
        """Run a command of a page as it stands there, but for addresses and questions."""
        words = [self._substituted(word) for word in command.words]
        if words[:2] == ["pulumi", "up"]:
            words += ["--yes", "--skip-preview", "--non-interactive"]
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, input=_PASSWORD, capture_output=True, check=False
        )
        text = done.stdout.decode() + done.stderr.decode()
        # The audit is also there to tell what is missing.
        allowed = {0, 1} if "audit" in words else {0}
        assert done.returncode in allowed, f"{command}\n{text}"
        assert "Traceback" not in text, f"{command}\n{text}"
        if command.words[2:4] == ("panda_infra", "init") and (sections := _NEW.get(command.words[4])):
            self.stack(
                command.words[4], sections | {"panda-infra:charts": on_bed(self.bed)["panda-infra:charts"]}
            )

    def destroy(self, stack: str) -> None:
        """Take a stack off the bed, whatever became of it."""
        words = ["pulumi", "destroy", "--yes", "--skip-preview", "--stack", stack]
        subprocess.run(words, cwd=self.folder, env=self.environment, capture_output=True, check=False)

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
    components = yaml.safe_load(file.read_text())["config"]["panda-infra:components"]
    document = site.filled(
        file,
        on_bed(bed)
        | {
            "panda-infra:components": {name: components[name] for name in ("msgsvc", "panda")},
            "panda-infra:hosts": {"panda": _HOSTS[0]},
            "panda-infra:lifecycle": {"protect": False},
        },
    )
    made.stack("doma", document)
    shutil.copy(REPOSITORY / "Pulumi.sphenix.yaml", made.folder)
    with prerequisites.provided(bed, make_plan("doma", site.configuration(document))):
        yield made
        with ThreadPoolExecutor() as pool:
            list(pool.map(made.destroy, ("doma", "mine", "alice")))


def test_every_command_is_run_here_or_by_a_test_that_is_named() -> None:
    walked = {command.text for page in WALKED for command in commands(page)}
    every = [command for page in PAGES for command in commands(page)]
    assert [str(each) for each in every if each.text not in walked and elsewhere(each) is None] == []
    for where in ELSEWHERE.values():
        assert (REPOSITORY / where).exists(), where
    for pattern in ELSEWHERE:
        assert any(re.match(pattern, each.text) for page in PAGES for each in commands(page)), pattern


def test_the_pages_work_one_after_the_other(here: Site) -> None:
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(_walk, here, tour) for tour in TOURS]:
            done.result()
    _walk(here, [README])


def _walk(here: Site, tour: Sequence[Path]) -> None:
    """Run the commands of the pages; what stands in several once."""
    ran: set[str] = set()
    for page in tour:
        for command in map(_of_readme, commands(page)) if page == README else commands(page):
            if elsewhere(command) is None and command.text not in ran:
                here.run(command)
                ran.add(command.text)


def _of_readme(command: Command) -> Command:
    """README says STACK: an experiment without a stack file for the import, DOMA for the rest."""
    name = "ctao" if "import" in command.words else "doma"
    words = tuple(word.replace("STACK", name) for word in command.words)
    return Command(command.page, shlex.join(words), words)


def test_the_tools_come_to_hand_as_told() -> None:
    first = [command.text for command in commands(DOCS / "develop.md")][:3]
    assert [text.split()[0] for text in first] == ["make", "export", "eval"]
    script = "\n".join(
        ["set -e", *first, "pulumi version", "helm version --short", "python -m panda_infra check local"]
    )
    done = subprocess.run(
        ["bash", "-c", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "local: ok" in done.stdout


def test_the_two_commands_of_the_readme(tmp_path: Path) -> None:
    """`make up`, `make status` and `make down`; the other one, `make test`, is what runs this."""
    (tmp_path / "panda-k8s").mkdir()
    (tmp_path / "panda-k8s" / "helm").symlink_to(REPOSITORY / "tests" / "charts")
    told = [command for command in commands(README) if command.words[0] == "make"]
    told += [command for command in inline_commands(README) if command.words[0] == "make"]
    wanted = {"make up", "make up CHARTS=../panda-k8s", "make status", "make doctor", "make down"}
    assert wanted <= {command.text for command in told}
    environment = os.environ | {"PANDA_INFRA_STATE": str(tmp_path / "state")}
    try:
        for text in ("make up", "make up CHARTS=../panda-k8s", "make status", "make doctor", "make down"):
            words = shlex.split(text.replace("../panda-k8s", str(tmp_path / "panda-k8s")))
            done = subprocess.run(
                words,
                cwd=REPOSITORY,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, f"{text}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    finally:
        subprocess.run(
            [sys.executable, "-m", "testbed", "stop"], cwd=REPOSITORY, env=environment, check=False
        )
    assert not any((tmp_path / "state").glob("*/*"))
