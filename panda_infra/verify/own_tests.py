"""The tests that charts bring along (`helm test`): from Helm's records, run by Helm."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from panda_infra.clients.helm import HelmError, find_helm
from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.kubeconfig import Target
from panda_infra.errors import NotAskedError, WrongError
from panda_infra.helm.records import DEPLOYED, histories, read
from panda_infra.plan.model import Plan
from panda_infra.products.verification import OwnTest

__all__ = ["OwnTests", "own_tests"]

_TEST = ("test", "test-success")
_RUN = ("Pod", "Job")


def own_tests(plan: Plan, api: KubernetesApi) -> Iterator[OwnTest]:
    """The tests in the newest records of a plan's releases; Argo CD has no records, and so no tests.

    Raises:
        KubernetesError: the cluster cannot be asked.
    """
    known = histories(api, plan.config.namespace)
    for release in plan.releases:
        deployed = [record for record in known.get(release.name, ()) if record.status == DEPLOYED]
        hooks = _hooks(read(api, deployed[-1])) if deployed and not release.argocd else ()
        others = tuple(hook["name"] for hook in hooks if hook["kind"] not in _RUN)
        for hook in hooks:
            if hook["kind"] in _RUN:
                yield OwnTest(release.component, release.name, hook["name"], others)


@dataclass(frozen=True)
class OwnTests:
    """Runs the tests of charts in a namespace of a target."""

    target: Target
    namespace: str

    def run(self, test: OwnTest, seconds: float) -> str:
        """Run a test to its end, and return words about its success.

        Raises:
            NotAskedError: Helm is not on PATH.
            WrongError: the test fails.
        """
        try:
            helm = find_helm()
        except HelmError as error:
            raise NotAskedError(str(error)) from None
        with tempfile.NamedTemporaryFile("w", suffix=".kubeconfig", dir=_private()) as file:
            json.dump(self.target.document(), file)
            file.flush()
            try:
                names = (test.name, *test.others)
                helm.test(test.release, self.namespace, names, kubeconfig=file.name, seconds=seconds)
            except HelmError as error:
                raise WrongError(str(error)) from None
        return "passed"


def _private() -> str | None:
    """A folder in memory, where there is one: the file has a credential, and only this user can read it."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - files in it are made anew


def _hooks(content: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    return [hook for hook in (content or {}).get("hooks") or () if set(_TEST) & set(hook.get("events") or ())]
