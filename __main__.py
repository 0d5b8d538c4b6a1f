"""The Pulumi program: plan the stack, then deploy it."""

import gc

# The process ends within seconds: collecting garbage, mostly during the imports, would cost a tenth of its time.
gc.disable()

from panda_infra.delivery.resources import deploy  # noqa: E402
from panda_infra.program import plain_errors, plan_of_this_stack  # noqa: E402

with plain_errors():
    deploy(*plan_of_this_stack())
