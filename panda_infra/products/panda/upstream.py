"""Upstream's repository of PanDA's charts, as far as an import needs to know it."""

from __future__ import annotations

from panda_infra.products.imports import Upstream

__all__ = ["UPSTREAM"]

_REPLACED = "is upstream's own, which the stack's settings replace"

UPSTREAM = Upstream(
    name="panda-k8s",
    address="https://github.com/PanDAWMS/panda-k8s",
    published={
        "c36b2a9517031984ba72749a78e5540a9cc4ab88c2e74b3c17279c9e0465f8c8": _REPLACED,  # application-oidc.yml
        "47f6156d34f5cb0b9e4de37429c1ac6c46484fd0962b65bcc18455673783f611": _REPLACED,  # application.properties
        "b80c0bee35a4c07893c2a9e70eebaf59c9c8659301011074648d366077e1ecac": _REPLACED,  # application.yml
        "c9777b26fd1cd7d60ab8a1095b03c75ba903075be4b55410370ab82c23980c1e": _REPLACED,  # auth_config.json.template
        # token_cache_config.json.template
        "d70251af094a3143ae8e55fa964294cf98f76050142ee8be2692f37f31296910": _REPLACED,
        "83d5465e940802297c062ef95901dc2b2b9e5b83330b73b0ffa68825257557f8": (
            "is a private key that upstream publishes (T1): tokens signed with it prove nothing, make a new one"
        ),
    },
    unread={"id_rsa": "only fills a Secret that no chart reads"},
)
