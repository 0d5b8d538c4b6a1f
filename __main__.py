"""The Pulumi program: plan the stack, then deploy it."""

from panda_infra.delivery.resources import deploy
from panda_infra.program import plan_of_this_stack, told_plainly

with told_plainly():
    deploy(*plan_of_this_stack())
