"""Certificates by cert-manager as Kubernetes resources."""

from __future__ import annotations

from base64 import b64encode

import pulumi

from panda_infra.delivery.secrets import own_secret
from panda_infra.kubernetes_resources import KubernetesObject
from panda_infra.plan.certificates import AUTHORITY, FORM, certificate_objects, secrets_beside
from panda_infra.plan.model import Plan
from panda_infra.products.content import TLS
from panda_infra.products.tls import authority_files

__all__ = ["CertificateResources"]


class CertificateResources(pulumi.ComponentResource):
    """The Issuer and every Certificate of a stack, each ready before what depends on it; ``opts`` are those of each.

    ``by_suffix`` are the Certificates by the suffix of the Secret that each fills.
    """

    def __init__(self, plan: Plan, authority: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("panda-infra:delivery:Certificates", "certificates")
        own = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=self))
        first: list[pulumi.Resource] = []
        self.by_suffix: dict[str, KubernetesObject] = {}
        for name in secrets_beside(plan):
            files = authority_files(authority)
            data = {key: b64encode(text.encode()).decode() for key, text in files.items()}
            replaced = pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(delete_before_replace=True))
            first.append(own_secret(plan, AUTHORITY, name, data, replaced, kind=TLS))
        for each in certificate_objects(plan):
            is_issuer = each.kind == "Issuer"
            # A new Certificate counts its issues from one again: pods are replaced once for a change, not twice.
            also = pulumi.ResourceOptions(
                depends_on=list(first),
                delete_before_replace=True,
                replace_on_changes=[] if is_issuer else [f'metadata.annotations["{FORM}"]'],
            )
            made = KubernetesObject(
                each.kind,
                f"{each.kind.lower()}-{each.name}",
                {"apiVersion": each.api, **each.fields},
                pulumi.ResourceOptions.merge(own, also),
            )
            if is_issuer:
                first.append(made)
            else:
                self.by_suffix[each.name] = made
        self.register_outputs({})
