from testbed.real import objects


def test_pods_of_known_images_and_no_other_container_are_sent_to_real_nodes() -> None:
    conditions = objects.policy(["b:1", "a:2"], ["jedi"])["spec"]["matchConditions"]
    assert [each["name"] for each in conditions] == ["images", "names", "initial"]
    assert 'c.image in ["a:2", "b:1"]' in conditions[0]["expression"]
    assert 'c.name in ["jedi"]' in conditions[1]["expression"]


def test_where_every_image_can_be_had_all_pods_are() -> None:
    assert objects.policy(None, ["jedi"])["spec"]["matchConditions"] == []
