"""Values that every sub-chart understands: image, replicas, resources, placement, CVMFS."""

from __future__ import annotations

from panda_infra.config.stack import Settings
from panda_infra.plan.values.owners import IMAGE_TAG, REPLICA_COUNT, as_values
from panda_infra.products.model import SubComponentSpec
from panda_infra.products.workloads import Daemon, Replicated, SubComponent
from panda_infra.tree import Values

__all__ = ["workload_values"]


def workload_values(spec: SubComponentSpec, config: SubComponent, stack: Settings) -> Values:
    """The values below a sub-chart's own key; the chart's defaults apply to everything else."""
    values: Values = as_values(_owned(config)) | stack.pull
    if spec.switchable:
        values["enabled"] = config.enabled
    image = _image(spec, config, stack)
    if image:
        values["image"] = image
    if spec.scalable and isinstance(config, Replicated):
        values["replicaCount"] = config.replicas
    resources = _resources(spec, config)
    if resources:
        values["resources"] = resources
    if config.tolerations:
        values["tolerations"] = [t.model_dump(by_alias=True, exclude_none=True) for t in config.tolerations]
    if config.affinity:
        values["affinity"] = config.affinity
    if config.node_selector:
        values["nodeSelector"] = config.node_selector
    if config.annotations:
        values["podAnnotations"] = config.annotations
    if isinstance(config, Daemon) and config.cvmfs:
        values["cvmfs"] = {"enabled": True, "repositories": [repo.model_dump() for repo in config.cvmfs]}
    return values


def _owned(config: SubComponent) -> list[str]:
    """The values that others own."""
    owned = []
    if isinstance(config, Replicated) and config.replica_counts == "autoscaler":
        owned.append(REPLICA_COUNT)
    if config.image_tags == "updater" or config.image.follow:
        owned.append(IMAGE_TAG)
    return owned


def _image(spec: SubComponentSpec, config: SubComponent, stack: Settings) -> Values:
    repository, tag = spec.image or (None, None)
    repository = config.image.repository or repository
    if stack.registry:
        repository = stack.registry.through(repository or spec.chart_image[0])
    chosen = {"repository": repository, "tag": config.image.tag or tag}
    if config.image.digest:
        # The charts join repository and tag by a colon; a container runtime takes NAME:TAG@DIGEST by its digest.
        chosen["tag"] = f"{chosen['tag'] or spec.chart_image[1]}@{config.image.digest}"
    return {key: value for key, value in chosen.items() if value}


def _resources(spec: SubComponentSpec, config: SubComponent) -> Values:
    """Only the stack's numbers: the chart's own numbers could contradict them."""
    chosen = {key: value for key, value in config.resources.model_dump().items() if value}
    if not chosen:
        return {}
    unset: Values = dict.fromkeys(spec.reserves)
    return {kind: unset | chosen.get(kind, {}) for kind in ("requests", "limits") if unset or kind in chosen}
