"""The definition of the product DPPS."""

from panda_infra.products.ctao.context import Context
from panda_infra.products.ctao.experiments import ENVIRONMENTS, EXPERIMENTS
from panda_infra.products.ctao.interfaces import Interfaces, InterfacesSecrets
from panda_infra.products.ctao.kept import keeps
from panda_infra.products.ctao.site_template import TEMPLATE, in_environment, initial
from panda_infra.products.ctao.verification import REQUIREMENTS, USUAL
from panda_infra.products.ctao.warnings import warnings
from panda_infra.products.imports import Upstream
from panda_infra.products.product import Product, Section

__all__ = ["PRODUCT"]

PRODUCT = Product(
    name="ctao",
    title="CTAO's DPPS",
    reference="ctao",
    experiments=EXPERIMENTS,
    context=Context,
    upstream=Upstream("rucio/helm-charts", "https://github.com/rucio/helm-charts"),
    sections=(
        Section(
            "interfaces",
            "What may be outside of the stack, and where it is.",
            Interfaces,
            InterfacesSecrets,
            "What may be outside of the stack.",
            optional=True,
        ),
    ),
    initial=initial,
    site=TEMPLATE,
    environments=ENVIRONMENTS,
    in_environment=in_environment,
    requirements=REQUIREMENTS,
    usual=USUAL,
    warnings=warnings,
    keeps=keeps,
)
