"""The definition of the product Seismics."""

from panda_infra.products.context import StackContext
from panda_infra.products.imports import Upstream
from panda_infra.products.product import Experiment, Product

__all__ = ["PRODUCT"]

PRODUCT = Product(
    name="seismics",
    title="Seismics",
    reference="seismics",
    experiments={"quakes": Experiment("Quakes"), "quakes-ci": Experiment("Quakes for CI", on_test_bed=True)},
    context=StackContext,
    upstream=Upstream("seismics-charts", "https://git.example.org/seismics-charts"),
)
