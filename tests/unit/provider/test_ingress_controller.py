"""Whether a controller's version wants snippets to be allowed by their risk too."""

from __future__ import annotations

import pytest

from panda_infra.provider.ingress_controller import snippet_risk


@pytest.mark.parametrize(
    ("image", "risk"),
    [
        ("registry.k8s.io/ingress-nginx/controller:v1.11.5", ""),
        ("registry.k8s.io/ingress-nginx/controller:v1.12.0", "Critical"),
        ("registry.cern.ch/magnum/ingress-nginx/controller:v1.9.4@sha256:1234", ""),
        ("registry.cern.ch:443/ingress-nginx/controller-chroot:v1.13.1@sha256:1234", "Critical"),
        ("quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.49.3", ""),
        ("registry.k8s.io/ingress-nginx/controller@sha256:1234", ""),
        ("docker.io/library/traefik:v3.1.2", ""),
        ("busybox", ""),
    ],
)
def test_from_1_12_on_it_does(image: str, risk: str) -> None:
    assert snippet_risk([image, "registry.cern.ch/magnum/helper:v1.99.0"]) == risk
