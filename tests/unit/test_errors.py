"""How a problem is reported."""

from panda_infra.errors import Problem


def test_every_line_of_a_problem_has_its_place() -> None:
    problem = Problem("namespace", "theirs is not ours\nit holds Secrets a", "Choose another.\nOr adopt it.")
    assert str(problem).splitlines() == [
        "namespace: theirs is not ours",
        "    it holds Secrets a",
        "      Choose another.",
        "      Or adopt it.",
    ]
