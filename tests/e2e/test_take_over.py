"""What was installed without this program becomes a stack: no pod and no claim is another one afterwards."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import pytest

from testbed import charts, instances
from tests.support.documented import documented
from tests.support.installation import Running, write_secrets_chart

pytestmark = pytest.mark.e2e

_AFFIX = "-dev"
_PASSWORD = "canary-broker"
_CANARIES = ("canary-broker", "canary-database", "canary-token")
_VALUES = {
    "affix": _AFFIX,
    "msgsvc": {"enabled": True, "basePasswd": _PASSWORD},
    "panda": {"enabled": True, "database": {"password": "outdated"}},
    "auth": {"authIdToken": "canary-token"},
}
_CONTENTS = {
    "msgsvc-envs": {"ACTIVEMQ_BASE_PASSWD": _PASSWORD},
    "panda-envs": {"PANDA_DB_PASSWORD": "canary-database", "PANDA_DB_USER": "panda"},
    "panda-auth": {"by-hand": "x"},
    "panda-token-cache": {"token_cache_config.json": "{}"},
    "panda-tls-certs": {"tls.crt": "", "tls.key": ""},
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A broker and PanDA as upstream's script names them, in the namespace `default` of a cluster of their own."""
    folder = tmp_path_factory.mktemp("running")
    with instances.running(f"take-over-{secrets.token_hex(4)}", nodes=2) as bed:
        made = Running(folder, bed, "default")
        made.checkout.mkdir()
        (made.checkout / "helm").symlink_to(charts.FIXTURES)
        hosts = ("pandaserver-dev.cern.ch", "panda-dev-server.cern.ch", "pandaserver-big-dev.cern.ch")
        write_secrets_chart(made.checkout / "secrets", _VALUES, _CONTENTS, hosts)
        made.helm(
            "install",
            "panda-secrets",
            str(made.checkout / "secrets"),
            "-f",
            f"{made.checkout}/secrets/values-secret.yaml",
        )
        for component in ("msgsvc", "panda"):
            chart, name = made.checkout / "helm" / component, f"{component}{_AFFIX}"
            made.helm(
                "install",
                name,
                str(chart),
                "-f",
                f"{chart}/values.yaml",
                "--set",
                f"global.deploymentName={name}",
            )
        yield made


@pytest.fixture(scope="module")
def before(running: Running) -> dict[str, str]:
    return running.settled()


def test_a_stack_is_written_and_the_cluster_stays_as_it_is(running: Running, before: dict[str, str]) -> None:
    text = running.run(
        documented(
            "python -m panda_infra adopt mine -e dev --kubeconfig ~/.kube/config --namespace default "
            "--charts ../panda-k8s/helm"
        )
    )
    assert "held as found" in text
    stack = running.stack("mine")
    assert stack["namespace"] == {"name": "default", "adopt": True, "takeOver": True}
    assert (stack["affix"], stack["components"]["msgsvc"]["release"]) == (_AFFIX, "msgsvc-dev")
    assert "release" not in stack["components"]["panda"]
    written = (running.project / "Pulumi.mine.yaml").read_text()
    assert not any(canary in text + written for canary in _CANARIES)
    assert running.uids() == before


def test_nothing_is_deployed_over_what_still_belongs_to_helm(running: Running) -> None:
    steps = running.run(("pulumi", "preview", "--stack", "mine", "--non-interactive"))
    assert "`pulumi up` will refuse this" in steps
    refused = running.run(
        ("pulumi", "up", "--yes", "--skip-preview", "--stack", "mine", "--non-interactive"), fails=True
    )
    assert "python -m panda_infra hand-over mine" in refused
    shown = running.run(documented("python -m panda_infra hand-over mine"))
    assert "Helm's record 1 of release panda-secrets: goes, its Secrets stay" in shown
    assert shown.count("\n") == 2
    running.run(documented("python -m panda_infra hand-over mine --yes"))
    assert "nothing is left" in running.run(("python", "-m", "panda_infra", "hand-over", "mine"))


def test_taking_over_makes_everything_and_replaces_nothing(running: Running, before: dict[str, str]) -> None:
    planned = json.loads(
        running.run(("pulumi", "preview", "--stack", "mine", "--non-interactive", "--json"), quiet=True)
    )
    assert {step["op"] for step in planned["steps"]} <= {"create", "same"}
    running.run(documented("pulumi up --policy-pack policy --stack mine"), "--yes", "--non-interactive")
    assert running.uids() == before
    again = running.run(("pulumi", "preview", "--stack", "mine", "--non-interactive", "--expect-no-changes"))
    assert "unchanged" in again
    assert "no change" not in running.run(documented("python -m panda_infra status mine"))
    assert {"msgsvc-dev", "panda-dev"} <= set(running.helm("list", "--deployed", "--short").split())


def test_a_changed_secret_replaces_its_readers_alone(running: Running, before: dict[str, str]) -> None:
    running.run(
        ("python", "-m", "panda_infra", "secrets", "set", "mine", "msgsvc.basePassword"),
        stdin="another\n",
    )
    running.run(("pulumi", "up", "--yes", "--skip-preview", "--stack", "mine", "--non-interactive"))
    after = running.settled()
    kept = {name for name, uid in after.items() if before.get(name) == uid}
    assert not any(name.startswith("pods/msgsvc-dev") for name in kept)
    assert {name for name in before if name.startswith("persistentvolumeclaims/")} <= kept


def test_the_way_back_leaves_everything_to_helm(running: Running) -> None:
    now = running.settled()
    running.run(documented("pulumi stack rm mine --force --preserve-config --yes"))
    running.run(
        documented(
            "helm install panda-secrets ../panda-k8s/secrets -f ../panda-k8s/secrets/values-secret.yaml "
            "--namespace default"
        )
    )
    chart = running.checkout / "helm" / "msgsvc"
    running.helm("upgrade", "msgsvc-dev", str(chart), "--reuse-values")
    assert {name for name in now if not name.startswith("pods/msgsvc")} <= {
        name for name, uid in running.uids().items() if now.get(name) == uid
    }
    assert running.api.get("/api/v1/namespaces/default/secrets/panda-secrets-panda-envs")["data"]
