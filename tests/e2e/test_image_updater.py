"""Images that Argo CD's Image Updater deploys: what it accepts of the program, and that the two do not fight.

Its controller is in no registry. With a checkout of it the controller does the work; else the test writes what it would
write. The tests of this module follow one stack, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from panda_infra.argocd.images import API_VERSION
from panda_infra.argocd.status import judge
from testbed import leftovers
from testbed.api import Api
from testbed.argocd_bed import applications, updater
from testbed.argocd_bed.bed import ArgoCd
from testbed.bed import Bed
from testbed.real import images
from tests.support.beside_argocd import DELIVERED, ArgoStack, by_annotation

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(900)]

_NAMESPACE = "followed-images"
_REAL = updater.CHECKOUT is not None and updater.CHECKOUT.is_dir()
_WITHIN = 120.0

Write = Callable[[Mapping[str, str]], None]
"""Has the updater write the tags of parts of the component ``panda``."""


@pytest.fixture(scope="module")
def argo(bed: Bed) -> Iterator[ArgoCd]:
    with by_annotation(bed, polling=15) as argo:
        yield argo


@pytest.fixture(scope="module")
def before(argo: ArgoCd, bed: Bed) -> frozenset[str]:
    del argo  # is there before
    return leftovers.of_cluster(bed)


def repository(bed: Bed, part: str) -> str:
    """Where the images of a part are."""
    return f"{bed.registry}/followed/{part}"


def push(bed: Bed, part: str, tag: str, day: int) -> str:
    """Push an image that was built on a day of a month; return the digest of its manifest."""
    name = f"{repository(bed, part)}:{tag}"
    built = f"2026-01-{day:02}T00:00:00Z"
    return images.push(images.Image((), environment={"BUILT": built}, created=built), name, bed.registry)


@pytest.fixture(scope="module")
def first(bed: Bed) -> Mapping[str, str]:
    """The tags with which the stack begins, all pushed; the digest of the moving one."""
    push(bed, "server", "1.0.0", 1)
    push(bed, "postgres", "dev-1", 1)
    return {"jedi": push(bed, "jedi", "main", 1)}


def components(bed: Bed, **jedi: Any) -> dict[str, Any]:
    """The section of the components, with settings of JEDI."""
    follow: dict[str, tuple[str, dict[str, str]]] = {
        "server": ("1.0.0", {"versions": "~1.0"}),
        "jedi": ("main", {"tag": "main"}),
        "postgres": ("dev-1", {"newest": r"^dev-\d+$"}),
    }
    panda: dict[str, Any] = {
        part: {"image": {"repository": repository(bed, part), "tag": tag, "follow": followed}}
        for part, (tag, followed) in follow.items()
    }
    panda["jedi"] |= jedi
    return {"panda-infra:components": {"msgsvc": {}, "panda": panda}}


@pytest.fixture(scope="module")
def stack(bed: Bed, before: frozenset[str], first: Mapping[str, str]) -> Iterator[ArgoStack]:
    assert before
    assert first
    sections = {
        **components(bed),
        "panda-infra:hosts": {"panda": "panda.localhost"},
        "panda-infra:auth": {"issuer": "https://iam.panda.test"},
    }
    made = ArgoStack(bed, _NAMESPACE, DELIVERED | sections)
    yield made
    made.workspace.destroy()


@pytest.fixture(scope="module")
def write(bed: Bed, argo: ArgoCd, stack: ArgoStack) -> Iterator[Write]:
    """The Image Updater, with the definition of its resources."""
    if not _REAL or updater.CHECKOUT is None:
        with updater.defined(stack.api, updater.without_namespace(updater.definition())):
            yield lambda tags: write_parameters(stack.api, argo, bed, tags)
        return
    with (
        updater.defined(stack.api, updater.definition(updater.CHECKOUT)),
        updater.running(bed, argo, updater.CHECKOUT),
    ):
        yield lambda _tags: None


def write_parameters(api: Api, argo: ArgoCd, bed: Bed, tags: Mapping[str, str]) -> None:
    """Replace the Application by one with parameters, as the updater does it."""
    path = applications.path(argo.namespace, "panda")
    live = api.get(path)
    helm = live["spec"]["source"]["helm"]
    written = {each["name"]: each for each in helm.get("parameters", ())}
    for part, tag in tags.items():
        for key, value in (("repository", repository(bed, part)), ("tag", tag)):
            name = f"{part}.image.{key}"
            written[name] = {"name": name, "value": value, "forceString": True}
    helm["parameters"] = list(written.values())
    api.replace(path, live)


def running(stack: ArgoStack) -> dict[str, str]:
    """The image of each workload of the component, by part."""
    found = [
        *stack.listed("statefulsets", "/apis/apps/v1"),
        *stack.listed("deployments", "/apis/apps/v1"),
    ]
    return {
        each["metadata"]["name"].removeprefix("panda-"): each["spec"]["template"]["spec"]["containers"][0][
            "image"
        ]
        for each in found
        if each["metadata"]["name"].startswith("panda-")
    }


def await_images(stack: ArgoStack, argo: ArgoCd, bed: Bed, tags: Mapping[str, str]) -> None:
    """Return when the workloads have these tags, and the Application is Synced and Healthy."""
    wanted = {part: f"{repository(bed, part)}:{tag}" for part, tag in tags.items()}

    def are_there() -> bool:
        applications.refresh(stack.api, argo.namespace, "panda")
        return wanted.items() <= running(stack).items()

    stack.until(are_there, f"images {wanted}", _WITHIN)
    applications.settle(stack.api, argo.namespace, ["panda"], seconds=_WITHIN)


def test_a_version_that_demands_a_field_of_its_own_is_refused(stack: ArgoStack) -> None:
    with updater.defined(stack.api, updater.definition()):
        refused = stack.workspace.up()
    assert refused.code != 0
    assert "the cluster's Image Updater is too old" in refused.text
    assert "1.0.3" in refused.text
    assert stack.is_gone()


@pytest.mark.usefixtures("write")
def test_the_resource_is_accepted_as_it_is(stack: ArgoStack, argo: ArgoCd) -> None:
    stack.up()
    # The updater may have begun to write meanwhile.
    stack.until(
        lambda: all(judge(each).done for each in stack.applications(argo).values()),
        "the Applications being done",
        _WITHIN,
    )
    path = f"/apis/{API_VERSION}/namespaces/{argo.namespace}/imageupdaters/panda"
    (reference,) = stack.api.get(path)["spec"]["applicationRefs"]
    followed = {image["alias"]: image for image in reference["images"]}
    assert set(followed) == {"server", "jedi", "postgres"}
    assert followed["postgres"]["commonUpdateSettings"]["allowTags"] == r"regexp:^dev-\d+$"
    assert followed["jedi"]["manifestTargets"]["helm"]["tag"] == "jedi.image.tag"


def test_what_matches_is_deployed_and_nothing_else(
    stack: ArgoStack, argo: ArgoCd, bed: Bed, write: Write, first: Mapping[str, str]
) -> None:
    write({"jedi": f"main@{first['jedi']}"})
    await_images(stack, argo, bed, {"server": "1.0.0", "jedi": f"main@{first['jedi']}", "postgres": "dev-1"})
    for tag in ("1.1.0", "latest", "1.0.1"):
        push(bed, "server", tag, 2)
    for tag, day in (("dev-7", 3), ("dev-30", 2), ("prod-9", 4)):
        push(bed, "postgres", tag, day)
    push(bed, "jedi", "other", 5)
    tags = {"server": "1.0.1", "jedi": f"main@{push(bed, 'jedi', 'main', 2)}", "postgres": "dev-7"}
    write(tags)
    await_images(stack, argo, bed, tags)


@pytest.mark.usefixtures("write")
def test_the_program_leaves_it_alone(stack: ArgoStack, argo: ArgoCd, bed: Bed) -> None:
    deployed = running(stack)
    stack.up("--expect-no-changes")
    refreshed = stack.workspace.preview("--refresh", "--expect-no-changes")
    assert refreshed.code == 0, refreshed.text
    assert "somebody else changed" not in refreshed.text
    stack.workspace.configure(components(bed, annotations={"changed": "yes"}))
    stack.up()
    assert running(stack) == deployed
    assert deployed["server"] == f"{repository(bed, 'server')}:1.0.1"
    found = stack.api.get(applications.path(argo.namespace, "panda"))
    assert found["spec"]["source"]["helm"]["valuesObject"]["jedi"]["podAnnotations"]["changed"] == "yes"


@pytest.mark.usefixtures("write")
def test_destroy_leaves_nothing(stack: ArgoStack, argo: ArgoCd, bed: Bed, before: frozenset[str]) -> None:
    result = stack.workspace.destroy()
    assert result.code == 0, result.text
    assert stack.is_gone()
    assert stack.applications(argo) == {}
    assert stack.api.list(f"/apis/{API_VERSION}/imageupdaters") == []
    left = leftovers.of_cluster(bed) - before
    assert all("imageupdaters" in each for each in left), left
