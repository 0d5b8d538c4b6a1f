"""The rules of `panda_infra.rules` as a Pulumi policy pack: `pulumi preview --policy-pack policy`.

The rules judge all resources at once, because they depend on whether the stack is protected. When a preview creates the
cluster, the engine does not know the properties of its objects yet: the rules then read the inputs instead.
"""

from __future__ import annotations

import sys
from dataclasses import replace
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

from panda_infra.pulumi_sdk import accept_deep_messages
from panda_infra.rules.pack import POLICIES, Policy, Resource, stack_of

accept_deep_messages()
_inputs: dict[str, Any] = {}


def remember(args: ResourceValidationArgs, report: ReportViolation) -> None:  # noqa: ARG001
    """Keep a resource's inputs until all resources are judged."""
    _inputs[args.urn] = args.props


def policy(rule: Policy) -> StackValidationPolicy:
    """The stack policy that applies a rule."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        resources = {found.urn: resource(found) for found in args.resources}
        stack = stack_of(resources.values())
        for urn, judged in resources.items():
            for violation in rule.violations(replace(judged, stack=stack)):
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
        *map(policy, POLICIES),
    ],
    enforcement_level=EnforcementLevel.MANDATORY,
)
