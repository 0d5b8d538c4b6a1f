"""``python -m bench``: every measurement, one after another."""

from bench import deploy, nodes

deploy.main()
nodes.main()
