"""mariadb-operator beside a bed's API server: its definitions, webhooks and controller, and the status of objects.

Its Go module is in no registry; a checkout of its repository has the definitions, and its program can be built of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from panda_infra.plan.mariadb import API
from testbed import processes, waiting
from testbed.api import Api, ApiError
from testbed.bed import Bed
from testbed.consumers.upstream import SOURCES, built
from tests.support import fast_yaml
from tests.support.admission import DEFINITIONS, admission, again_and_again, fresh

__all__ = [
    "CHECKOUT",
    "NO_CHECKOUT",
    "archived_until",
    "collection",
    "controlling",
    "defined",
    "ready",
    "serving",
]

CHECKOUT = SOURCES / "mariadb-operator" if SOURCES else Path("mariadb-operator")
"""The checkout, if it exists."""
NO_CHECKOUT = "PANDA_INFRA_UPSTREAM_SOURCES names no folder with a checkout `mariadb-operator`"

_PART = "mariadb-operator"
_SECONDS = 120
_PLURALS = {"PointInTimeRecovery": "pointintimerecoveries"}
# Nothing of it runs here, but the controller asks for all of them.
_NAMES = (
    "MARIADB_OPERATOR_IMAGE",
    "RELATED_IMAGE_MARIADB",
    "RELATED_IMAGE_MARIADB_NAME",
    "RELATED_IMAGE_MAXSCALE",
    "RELATED_IMAGE_EXPORTER",
    "RELATED_IMAGE_EXPORTER_MAXSCALE",
)
# What components wait for.
_AWAITED = ("MariaDB", "Database", "User", "Grant")


def collection(kind: str, namespace: str) -> str:
    """The path of the objects of a kind."""
    return f"/apis/{API}/namespaces/{namespace}/{_PLURALS.get(kind, f'{kind.lower()}s')}"


def defined(bed: Bed) -> None:
    """Give a bed the operator's custom resource definitions."""
    api = Api(bed.kubeconfig)
    for file in sorted((CHECKOUT / "config/crd/bases").glob("k8s.mariadb.com_*.yaml")):
        definition = fast_yaml.load(file.read_text())
        api.create(DEFINITIONS, definition)
        path = f"/apis/{API}/{definition['spec']['names']['plural']}"
        waiting.until(partial(api.serves, path), f"{path} being served", _SECONDS)


@contextmanager
def serving(bed: Bed) -> Iterator[None]:
    """Run the operator's webhooks in the API server's way until the end of the context."""
    program = built(CHECKOUT, _PART, "./cmd/controller")
    folder = fresh(bed, _PART)

    def words(port: int) -> tuple[str | Path, ...]:
        return (
            *(program, "webhook", f"--port={port}", f"--cert-dir={folder / 'certificates'}"),
            # It would look for the names of a Service in its certificate.
            *("--validate-cert=false", "--metrics-addr=0", "--health-addr=0"),
        )

    with admission(
        bed,
        folder,
        words,
        files=("tls.crt", "tls.key"),
        configurations=(CHECKOUT / "config/webhook/manifests.yaml").read_text(),
        environment={},
    ):
        yield


@contextmanager
def controlling(bed: Bed) -> Iterator[None]:
    """Run the operator's controller until the end of the context: it makes what a MariaDB consists of."""
    environment = {
        "KUBECONFIG": str(bed.kubeconfig),
        "MARIADB_OPERATOR_NAME": _PART,
        "MARIADB_OPERATOR_NAMESPACE": "default",
        "MARIADB_OPERATOR_SA_PATH": str(bed.state / "no-token"),
        "MARIADB_GALERA_LIB_PATH": "/usr/lib/galera/libgalera_smm.so",
        "MARIADB_DEFAULT_VERSION": "11.4",
        **dict.fromkeys(_NAMES, "registry.site.org/of-the-operator:1"),
    }
    words = (built(CHECKOUT, _PART, "./cmd/controller"), "--metrics-addr=0", "--health-addr=0")
    name = f"{_PART}-controller"
    try:
        processes.spawn(bed.state, name, words, environment)
        yield
    finally:
        processes.end(bed.state, {name})


@contextmanager
def ready(bed: Bed, namespace: str) -> Iterator[None]:
    """Report each object as ready, as the operator does when its pods serve: here none ever do."""
    api = Api(bed.kubeconfig)

    def report() -> None:
        for kind in _AWAITED:
            for each in api.list(collection(kind, namespace)):
                if not (each.get("status") or {}).get("conditions"):
                    path = f"{collection(kind, namespace)}/{each['metadata']['name']}/status"
                    with suppress(ApiError):  # it is being deleted
                        api.merge(path, {"status": {"conditions": _conditions(each)}})

    with again_and_again(report):
        yield


def archived_until(bed: Bed, namespace: str, server: str, moment: str) -> None:
    """Report all changes until a moment as archived, as the agent beside a server does."""
    path = f"{collection('PointInTimeRecovery', namespace)}/{server}/status"
    Api(bed.kubeconfig).merge(path, {"status": {"lastRecoverableTime": moment}})


def _conditions(each: dict[str, Any]) -> list[dict[str, str]]:
    kinds = ["Ready", *(["BinlogsReplayed"] if each["spec"].get("bootstrapFrom") else [])]
    about = {
        "status": "True",
        "reason": "Tested",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    return [{"type": kind, **about} for kind in kinds]
