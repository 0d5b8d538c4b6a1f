"""``python -m bench``: every measurement, one after another."""

from bench import deploy

deploy.main()
