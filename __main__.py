"""The Pulumi program: plan the stack, then deploy it."""

import gc

from panda_infra.delivery.resources import deploy
from panda_infra.program import plan_of_this_stack, told_plainly

# The process ends within seconds: collecting garbage would cost a twelfth of its time.
gc.disable()
with told_plainly():
    deploy(*plan_of_this_stack())
