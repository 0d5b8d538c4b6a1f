"""A real OpenStack on this machine: Keystone, Placement, Glance, Neutron, Nova, Cinder and Magnum.

Manila is optional. The services are real, with their data bases, policies, microversions, tokens, trusts and
certificates, and so is the control plane of each cluster. The hypervisor is Nova's own fake one, networks are not
wired, and Heat and the message broker are missing: services that use RPC share a process instead.

There are two interpreters. ``services`` and ``driver`` run in the virtual environment of
``testbed/requirements-openstack.lock``, everything else in the project's. Both use ``settings``, ``faults`` and
``request_log``, which need only the standard library.
"""
