from testbed import magnum

OBJECTS = {(path.rsplit("/", 1)[1], body["metadata"]["name"]): body for path, body in magnum.objects()}


def test_snippets_are_not_allowed_yet() -> None:
    settings = OBJECTS["configmaps", "cern-magnum-ingress-nginx-controller"]
    assert "allow-snippet-annotations" not in settings["data"]


def test_one_class_is_the_default_and_one_waits_for_a_pod() -> None:
    classes = {name: body for (kind, name), body in OBJECTS.items() if kind == "storageclasses"}
    default = [name for name, body in classes.items() if body["metadata"]["annotations"]]
    waiting = [name for name, body in classes.items() if body["volumeBindingMode"] != "Immediate"]
    assert classes.keys() == {"standard", "local-wait", "manila-meyrin-cephfs"}
    assert default == ["standard"]
    assert waiting == ["local-wait"]
    assert {body["reclaimPolicy"] for body in classes.values()} == {"Delete"}


def test_volumes_are_not_to_be_attached() -> None:
    assert OBJECTS["csidrivers", magnum.PROVISIONER]["spec"]["attachRequired"] is False
