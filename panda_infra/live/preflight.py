"""Check a plan against the content of its cluster, before anything is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.clients.kubernetes.inside import InsideByApi
from panda_infra.clients.kubernetes.kubeconfig import Target
from panda_infra.config.cluster import MagnumCluster
from panda_infra.config.secrets import Secrets
from panda_infra.errors import Problem, shortened
from panda_infra.live import offers, schemas
from panda_infra.live.applied import look_at_argo_cd
from panda_infra.live.argocd import look_for_existing
from panda_infra.live.commands import Commands
from panda_infra.live.issued import issues
from panda_infra.live.offers import Report
from panda_infra.live.ownership import Ownership
from panda_infra.live.pods import Pods
from panda_infra.live.rights import missing_rights
from panda_infra.live.roles import live_role
from panda_infra.live.takeover import others_at_work, to_hand_over
from panda_infra.live.target import look
from panda_infra.plan.consumers import issued_secrets
from panda_infra.plan.model import Plan
from panda_infra.plan.standby import role_of
from panda_infra.products.content import SecretContent
from panda_infra.rules.split_brain import outdated
from panda_infra.stacks.access import Access, reach, recorded_access
from panda_infra.state.recorded import Recorded

__all__ = ["Report", "inspect", "issued_so_far"]

_RIGHTS = (
    "The kubeconfig's user must be allowed to read namespaces, and to list Secrets and claims in this one."
)


def inspect(plan: Plan, secrets: Secrets, before: Recorded, *, previewing: bool) -> Report:
    """Check the cluster of a plan; the report is empty if the cluster does not exist yet.

    Things to hand over before a run, and rights that the user has not, are problems of the run, but only notes in a
    preview.

    Raises:
        PandaInfraError: the cluster or its cloud cannot be asked.
    """
    access = _way_in(plan, secrets, before)
    kubernetes, target = access.kubernetes, access.target
    if kubernetes is None or target is None:
        return Report()
    with ThreadPoolExecutor(max_workers=5) as beside:
        offer = beside.submit(_offered, plan, kubernetes)
        argocd = beside.submit(_argocd, plan, kubernetes)
        tables = beside.submit(_tables, plan, kubernetes, target)
        role = beside.submit(_role, plan, kubernetes)
        rights = beside.submit(_rights, plan, before, kubernetes, previewing=previewing)
        met = _met(plan, before, kubernetes, previewing=previewing)
    reports = [met, offer.result(), argocd.result(), tables.result(), role.result(), rights.result()]
    return Report(
        [problem for report in reports for problem in report.problems],
        [note for report in reports for note in report.notes],
    )


def issued_so_far(plan: Plan, secrets: Secrets, before: Recorded) -> dict[str, SecretContent]:
    """A stand-in for the content of each Secret that cert-manager fills, by suffix; empty without such Secrets.

    Raises:
        PandaInfraError: the cluster or its cloud cannot be asked.
    """
    return issues(plan, _way_in(plan, secrets, before).kubernetes) if issued_secrets(plan.config) else {}


def _met(plan: Plan, before: Recorded, kubernetes: KubernetesApi, *, previewing: bool) -> Report:
    """The objects of others where the plan would be deployed."""
    try:
        found = Ownership(plan, look(plan, kubernetes), before)
        at_work = others_at_work(plan, kubernetes) if plan.config.takes_over else []
        left = to_hand_over(plan, kubernetes) if plan.config.takes_over else []
    except KubernetesError as error:
        return _unseen(plan, error)
    problems, notes = [*found.problems(), *at_work], list(_notes(found))
    of_run = _of_run(left, previewing=previewing)
    return Report([*problems, *of_run.problems], [*notes, *of_run.notes])


def _of_run(problems: Sequence[Problem], *, previewing: bool) -> Report:
    """Things that only a run refuses: a preview notes them."""
    if previewing:
        return Report(notes=[f"`pulumi up` will refuse this: {problem}" for problem in problems])
    return Report(list(problems))


def _rights(plan: Plan, before: Recorded, kubernetes: KubernetesApi, *, previewing: bool) -> Report:
    """Check that the user may make everything; a namespace that the run makes may bring its rights with it."""
    if not (plan.config.adopts_namespace or before.made_namespace(plan.config.namespace)):
        return Report()
    try:
        return _of_run(missing_rights(plan, kubernetes, previewing=previewing), previewing=previewing)
    except KubernetesError:
        return Report()  # a problem or a note of the look at the namespace


def _notes(found: Ownership) -> Iterator[str]:
    plan, target = found.plan, found.target
    if plan.config.adopts_namespace and target.namespace and (others := found.others()):
        names = shortened([f"{one.kind} {one.name}" for one in others])
        yield f"namespace {plan.config.namespace} is adopted; others have in it: {names}"
    if target.unseen:
        names = shortened([f"{each.kind} {each.name}" for each in target.unseen])
        yield (
            f"outside of namespace {plan.config.namespace} this user may not look, so it is not known whether there "
            f"is already: {names}. Who may not read these can hardly make them: `pulumi up` fails where it needs one"
        )


def _offered(plan: Plan, kubernetes: KubernetesApi) -> Report:
    """The plan's expectations that the cluster does not fulfil."""
    try:
        return offers.look(plan, kubernetes)
    except KubernetesError as error:
        # The failure of the cluster is already reported: as a problem, or as a note while the cluster is being made.
        return Report(notes=[f"what the cluster offers cannot be looked at: {error.what}"])


def _argocd(plan: Plan, kubernetes: KubernetesApi) -> Report:
    """Check that the cluster has the Argo CD that the stack uses, ready for the stack."""
    try:
        found, ready = look_for_existing(plan, kubernetes), look_at_argo_cd(plan, kubernetes)
        return Report([*found.problems, *ready.problems], [*found.notes, *ready.notes])
    except KubernetesError as error:
        return Report(notes=[f"Argo CD cannot be looked at: {error.what}"])


def _role(plan: Plan, kubernetes: KubernetesApi) -> Report:
    """Check that the cluster does not know of a later failover than the stack file."""
    role = role_of(plan)
    try:
        found = live_role(plan, kubernetes) if role else None
    except KubernetesError:
        return Report()  # a problem or a note of the look at the namespace
    return Report([outdated(role, found)] if role and found and found.term > role.term else [])


def _tables(plan: Plan, kubernetes: KubernetesApi, target: Target) -> Report:
    """Check that the databases have the tables that the plan's images need."""
    inside = InsideByApi(target, plan.config.namespace)
    # The questions need no texts of Secrets: the pods that answer have them.
    return schemas.look(Commands(Pods(kubernetes, plan), inside, lambda _suffix, _key: ""))


def _way_in(plan: Plan, secrets: Secrets, before: Recorded) -> Access:
    """The way to the API by the last run's credential, if any: otherwise Magnum would sign one for each preview."""
    if access := recorded_access(before):
        return access
    return reach(plan.stack, plan.config.cluster, secrets)


def _unseen(plan: Plan, error: KubernetesError) -> Report:
    if isinstance(plan.config.cluster, MagnumCluster):
        # The stack's resources wait for a Magnum cluster that is still being made.
        return Report(notes=[f"namespace {plan.config.namespace} cannot be looked at yet: {error}"])
    return Report([Problem("namespace", f"cannot be looked at: {error.what}", error.fix or _RIGHTS)])
