from __future__ import annotations

import json

from pulumi.runtime.proto import provider_pb2

from tests.unit.provider.conftest import Engine


def test_the_schema_describes_every_resource(engine: Engine) -> None:
    schema = json.loads(engine.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    assert set(schema["resources"]) == {
        f"panda-magnum:index:{kind}"
        for kind in ("Cluster", "ClusterAccess", "NodeLabels", "LandbAliases", "ReleasedVolumes")
    }
    access = schema["resources"]["panda-magnum:index:ClusterAccess"]
    assert access["properties"]["kubeconfig"]["secret"] is True
    assert access["requiredInputs"] == ["clusterId", "workers"]
    cluster = schema["resources"]["panda-magnum:index:Cluster"]["inputProperties"]
    assert cluster["labels"]["additionalProperties"] == {"type": "string"}
    group = cluster["nodeGroups"]["items"]["$ref"].removeprefix("#/types/")
    assert schema["types"][group]["properties"]["count"]["type"] == "integer"


def test_every_property_is_described(engine: Engine) -> None:
    schema = json.loads(engine.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    for resource in schema["resources"].values():
        assert resource["description"]
        assert all(prop["description"] for prop in resource["properties"].values())
