"""``python -m bench [--charts CHECKOUT]``: every measurement, one after another."""

import sys

from bench import deploy, developers, nodes, umbrella

deploy.main(sys.argv[1:])
nodes.main()
developers.main()
umbrella.main()
