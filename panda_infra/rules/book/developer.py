"""Rules about the stacks of developers, which share a cluster with others."""

from __future__ import annotations

from collections.abc import Iterator

from panda_infra.config.quantities import amount
from panda_infra.errors import Problem
from panda_infra.plan.developer import DEFAULT_MEMORY_LIMIT, PREFIX
from panda_infra.products.rule import rule
from panda_infra.rules.subject import Subject
from panda_infra.rules.walk import sub_components

__all__ = ["has_an_owner", "keeps_to_itself", "limits_its_memory"]


@rule("developer", "developers", "lifecycle")
def has_an_owner(subject: Subject) -> Iterator[Problem]:
    """A developer's stack has one owner and a last day, and lends its parent's cluster to nobody else."""
    config, developer = subject.config, subject.config.developer
    if developer is None:
        return
    if bool(developer.user) == bool(developer.group):
        what = "two owners are named" if developer.user else "is missing: nobody could work in the namespace"
        yield Problem("developer.user", what, "Name one owner: `user: alice`, or `group: panda-developers`.")
    if config.developers is not None:
        what = "a developer's stack has no cluster of its own to lend"
        yield Problem("developers", what, "Remove the section; `developer` names the owner of this stack.")
    if config.lifecycle.protect or config.lifecycle.expires is None:
        what = "a developer's stack ends by itself: it is not protected, and has a last day"
        yield Problem("lifecycle", what, "Write e.g. `lifecycle: {protect: false, expires: 2026-12-01}`.")


@rule("developer", "namespace", "affix", "cluster")
def keeps_to_itself(subject: Subject) -> Iterator[Problem]:
    """A developer's stack is in the namespace of its own name: never in `default`, never in that of another stack."""
    config, stack = subject.config, subject.stack
    if config.developer is None:
        if config.cluster.kind == "stack":
            what = "is the cluster of another stack, which lends it to developers' stacks only"
            yield Problem("cluster.kind", what, "Write `kind: existing` with a kubeconfig of your own.")
        return
    if not stack.startswith(PREFIX):
        what = f"makes {stack} a developer's stack, whose name would begin with {PREFIX}"
        yield Problem(
            "developer", what, "Remove the section, or make one by `python -m panda_infra dev up NAME`."
        )
    elif config.namespace != stack or config.adopts_namespace or config.takes_over:
        what = f"must be {stack}, a namespace that this stack makes: others belong to somebody else"
        yield Problem("namespace", what, f"Write `panda-infra:namespace: {stack}`.")
    if config.cluster.kind == "stack" and config.cluster.stack not in (config.developer.parent, stack):
        what = f"is {config.cluster.stack}, but developer.parent is {config.developer.parent}"
        yield Problem("cluster.stack", what, "Name the same stack in both: that which lends its cluster.")
    if config.developer.parent == stack:
        yield Problem("developer.parent", "is the stack itself", "Name the stack that lends its cluster.")
    if not config.affix:
        what = "is missing: cluster-wide objects would have the names of another stack's"
        yield Problem("affix", what, f"Write e.g. `panda-infra:affix: -{stack.removeprefix(PREFIX)}`.")


@rule("developer", "components")
def limits_its_memory(subject: Subject) -> Iterator[Problem]:
    """No container of a developer's stack requests more memory than the default limit of its namespace lets it use."""
    config = subject.config
    if config.developer is None:
        return
    default = amount(DEFAULT_MEMORY_LIMIT)
    for sub in sub_components(config):
        resources = sub.config.resources
        memory = resources.requests.get("memory")
        if sub.spec.reserves:
            continue  # another rule asks for a limit with each request
        if memory and "memory" not in resources.limits and amount(memory) > default:
            what = f"is above {DEFAULT_MEMORY_LIMIT}, the limit of a container here that sets none"
            where = f"{sub.where}.resources.requests.memory"
            yield Problem(where, what, f"Add a limit: `limits: {{memory: {memory}}}`.")
