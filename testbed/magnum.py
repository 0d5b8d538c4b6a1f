"""Objects that Magnum installs on a new cluster and that PanDA needs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from panda_infra.plan.demands import CVMFS_DRIVER
from testbed.api import Api, Object

PROVISIONER = "volumes.testbed.panda-infra"

DRIVERS = "/apis/storage.k8s.io/v1/csidrivers"
_DEFAULT_CLASS = {"storageclass.kubernetes.io/is-default-class": "true"}


def install(api: Api) -> None:
    """Creates the ingress controller's settings, the ingress class, the storage classes and the drivers."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda item: api.create(*item), objects()))


def objects() -> list[tuple[str, Object]]:
    """Each object with its collection's path."""
    classes = "/apis/storage.k8s.io/v1/storageclasses"
    return [
        ("/api/v1/namespaces/kube-system/configmaps", _ingress_settings()),
        ("/apis/networking.k8s.io/v1/ingressclasses", ingress_class("nginx")),
        (DRIVERS, driver(PROVISIONER)),
        (DRIVERS, driver(CVMFS_DRIVER)),
        (classes, storage_class("standard", "Immediate", annotations=_DEFAULT_CLASS)),
        (classes, storage_class("local-wait", "WaitForFirstConsumer")),
        (classes, storage_class("manila-meyrin-cephfs", "Immediate")),
    ]


def _ingress_settings() -> Object:
    """The settings without ``allow-snippet-annotations``, as on a new cluster."""
    return {
        "metadata": {"name": "cern-magnum-ingress-nginx-controller"},
        "data": {"hide-headers": "Server,X-Powered-By"},
    }


def ingress_class(name: str) -> Object:
    """An Ingress class without a controller."""
    return {"metadata": {"name": name}, "spec": {"controller": "k8s.io/ingress-nginx"}}


def driver(name: str) -> Object:
    """A CSI driver without attachments, because no controller here would make or remove them."""
    return {"metadata": {"name": name}, "spec": {"attachRequired": False, "podInfoOnMount": False}}


def storage_class(name: str, binding: str, annotations: dict[str, str] | None = None) -> Object:
    """A class whose volumes the bed's provisioner makes; ``binding`` as in ``volumeBindingMode``."""
    return {
        "metadata": {"name": name, "annotations": annotations or {}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": binding,
        "allowVolumeExpansion": True,
    }
