"""The custom resource definitions of Prometheus' operator and its own admission, beside a bed's API server."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import yaml

from testbed import pki, ports, processes, waiting
from testbed.api import Api
from testbed.bed import Bed
from tools import toolchain

__all__ = ["COLLECTIONS", "PART", "running"]

PART = "prometheus-operator"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
_HOST = "127.0.0.1"
_SECONDS = 60.0
COLLECTIONS: Mapping[str, str] = {
    "ServiceMonitor": "/apis/monitoring.coreos.com/v1/namespaces/{}/servicemonitors",
    "PrometheusRule": "/apis/monitoring.coreos.com/v1/namespaces/{}/prometheusrules",
    "AlertmanagerConfig": "/apis/monitoring.coreos.com/v1alpha1/namespaces/{}/alertmanagerconfigs",
}
# What the admission judges, beyond the schemas of the definitions: version and path of each.
_JUDGED = {"prometheusrules": "v1", "alertmanagerconfigs": "v1alpha1"}


class _Loader(yaml.CSafeLoader):
    """In the definitions a single `=` is one of the texts that are allowed, and no mark of YAML 1.1."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda _loader, node: node.value)


@contextmanager
def running(bed: Bed) -> Iterator[None]:
    """The definitions and the admission, until the end of the context."""
    program = toolchain.ensure([PART]).path("admission-webhook")
    api = Api(bed.kubeconfig)
    authority = pki.Authority.fresh("monitoring-webhooks")
    stem = bed.state / "monitoring-webhooks"
    authority.server("webhooks", [_HOST]).write(stem)
    (port,) = ports.free(1)
    made: list[str] = []
    try:
        for file in sorted(program.parent.glob("monitoring.coreos.com_*.yaml")):
            name = api.create(_DEFINITIONS, yaml.load(file.read_text(), _Loader))["metadata"]["name"]
            made.append(f"{_DEFINITIONS}/{name}")
        for path in COLLECTIONS.values():
            waiting.until(partial(api.serves, path.format("default")), f"{path} being served", _SECONDS)
        part = processes.spawn(
            bed.state,
            PART,
            [
                program,
                f"--web.listen-address={_HOST}:{port}",
                f"--web.cert-file={stem}.crt",
                f"--web.key-file={stem}.key",
            ],
        )
        waiting.until(lambda: not ports.is_free(port), "the operator's admission", _SECONDS)
        name = api.create(_WEBHOOKS, _webhooks(port, authority.pair.certificate))["metadata"]["name"]
        made.append(f"{_WEBHOOKS}/{name}")
        yield
        part.ensure_alive()
    finally:
        for path in reversed(made):
            api.delete(path)
        processes.end(bed.state, {PART})


def _webhooks(port: int, authority: bytes) -> dict[str, Any]:
    return {
        "metadata": {"name": "prometheus-operator-admission"},
        "webhooks": [
            {
                "name": f"{kind}.monitoring.coreos.com",
                "clientConfig": {
                    "url": f"https://{_HOST}:{port}/admission-{kind}/validate",
                    "caBundle": base64.b64encode(authority).decode(),
                },
                "rules": [
                    {
                        "apiGroups": ["monitoring.coreos.com"],
                        "apiVersions": [version],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": [kind],
                    }
                ],
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
            for kind, version in _JUDGED.items()
        ],
    }
