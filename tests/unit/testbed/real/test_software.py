from testbed import charts
from testbed.real import software

MADE = {
    "ghcr.io/pandawms/panda-activemq:0.0.4",
    "ghcr.io/pandawms/panda-database:0.1.5-2",
    "postgres:13.6",
    "mariadb:11.4",
}


def test_the_images_are_those_of_the_charts_and_of_the_program() -> None:
    named = software.named(charts.chosen(None))
    assert named >= MADE
    assert {"bitnami/mariadb:latest", "ghcr.io/hsf/idds:2.2.49"} <= named


def test_what_stands_for_an_image_is_one_of_the_charts() -> None:
    repositories = {name.rpartition(":")[0] for name in software.named(())}
    for known in software.KNOWN:
        assert set(known.repositories) <= repositories
