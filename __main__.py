"""The Pulumi program: plan the stack, then deploy it."""

from panda_infra.short_lived import live_shortly

live_shortly()  # before the imports, which would gain the most

from panda_infra.delivery.resources import deploy  # noqa: E402
from panda_infra.program import plan_of_this_stack, told_plainly  # noqa: E402

with told_plainly():
    deploy(*plan_of_this_stack())
