"""The definition of the product PanDA."""

from panda_infra.products.imports import Imports
from panda_infra.products.panda import cric, object_store, oidc_clients, proxy, rucio
from panda_infra.products.panda.auth import AuthSecrets, AuthSettings
from panda_infra.products.panda.context import Context
from panda_infra.products.panda.cric import CricSettings, settled
from panda_infra.products.panda.cric_lists import project_files
from panda_infra.products.panda.experiments import EXPERIMENTS
from panda_infra.products.panda.object_store import ObjectStoreSecrets, ObjectStoreSettings
from panda_infra.products.panda.proxy import ProxySettings
from panda_infra.products.panda.rucio import RucioSecrets, RucioSettings
from panda_infra.products.panda.upstream import UPSTREAM
from panda_infra.products.panda.verification import REQUIREMENTS, USUAL
from panda_infra.products.panda.warnings import warnings
from panda_infra.products.product import Product, Section

__all__ = ["PRODUCT"]

PRODUCT = Product(
    name="panda",
    title="PanDA",
    reference="panda",
    experiments=EXPERIMENTS,
    context=Context,
    sections=(
        Section(
            "auth",
            "OIDC clients and issuers.",
            AuthSettings,
            AuthSecrets,
            "Tokens and clients.",
            imports=oidc_clients.IMPORTS,
        ),
        Section(
            "rucio",
            "Rucio account and servers.",
            RucioSettings,
            RucioSecrets,
            "Rucio.",
            imports=rucio.IMPORTS,
        ),
        Section("cric", "CRIC by URL, or its JSON files.", CricSettings, imports=cric.IMPORTS),
        Section("proxy", "HTTP proxies of the pods.", ProxySettings, imports=proxy.IMPORTS),
        Section(
            "object_store",
            "Object store that BigMon reads logs from.",
            ObjectStoreSettings,
            ObjectStoreSecrets,
            "Object store.",
            optional=True,
            imports=object_store.IMPORTS,
        ),
    ),
    derived={
        ("cric", "real"): lambda context: context.cric_urls is not None,
        ("auth", "issuer"): lambda context: context.issuer,
        ("auth", "audience"): lambda context: context.audience,
        ("auth", "configUrl"): lambda context: context.config_url,
        ("auth", "tokenEndpoint"): lambda context: context.token_endpoint,
    },
    # IAM announces itself with a slash at the end, whether its settings have one or not.
    issuer=lambda context: f"{context.issuer.rstrip('/')}/",
    warnings=warnings,
    weighed=("cric-jsons",),
    settled=settled,
    files=project_files,
    imports=Imports(texts={"affix": "affix"}, may_be_empty=("affix",)),
    upstream=UPSTREAM,
    # As in the guides of PanDA at CERN.
    alias_endings=("-harvester", "-panda", "-idds", "-bigmon", "-server"),
    requirements=REQUIREMENTS,
    usual=USUAL,
    fixed_globals={
        "deploymentName": "Harvester would lose the identity and database host of its Secret (T35)",
        "existingTlsSecret": (
            "jedi and every Ingress ignore it (T32); the charts' own Secrets are used instead"
        ),
        "hostOverwrite": "write `hosts: {ui: ...}` instead",
    },
)
