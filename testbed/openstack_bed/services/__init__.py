"""The services, started with their projects' own calls, in few processes and without forks.

Each module with a function ``run`` is a process, ``python -m testbed.openstack_bed.services <name>``, in the
environment that ``Settings.environment`` gives.
"""
