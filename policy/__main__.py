"""The rules of `panda_infra.rules` as a Pulumi policy pack: `pulumi preview --policy-pack policy`.

They are judged over all resources at once, as what a resource may be depends on whether its stack is protected. In the
preview of a cluster that is still to be made, the engine has no properties then of what will be in it: the inputs take
their place.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from panda_infra.rules.pack import RULES, Resource, Rule, stack_of

_inputs: dict[str, Any] = {}


def remember(args: ResourceValidationArgs, report: ReportViolation) -> None:  # noqa: ARG001
    """Keep what a resource was asked for until all resources are judged."""
    _inputs[args.urn] = args.props


def policy(rule: Rule) -> StackValidationPolicy:
    """A rule as the engine applies it to a stack."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = {found.urn: resource(found) for found in args.resources}
        stack = stack_of(resources.values())
        for urn, judged in resources.items():
            for violation in rule.violations(judged, stack):
                report(f"{judged.name}: {violation}", urn)

    return StackValidationPolicy(rule.name, rule.description, validate)


def resource(found: PolicyResource) -> Resource:
    """The engine's resource as the rules see it."""
    return Resource(
        type=found.resource_type,
        name=found.name,
        properties=found.props or _inputs.get(found.urn, {}),
        protect=found.opts.protect,
        provider=found.provider.name if found.provider else "",
    )


PolicyPack(
    "panda-infra",
    [
        ResourceValidationPolicy(
            "all-is-seen", "Every resource is judged by what it was asked for.", remember
        ),
        *map(policy, RULES),
    ],
    enforcement_level=EnforcementLevel.MANDATORY,
)
