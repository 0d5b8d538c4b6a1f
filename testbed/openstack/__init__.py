"""A real OpenStack on this machine: Keystone, Placement, Glance, Neutron, Nova, Cinder and Magnum.

Manila is there where it is asked for. Real are the services, their data bases, policies, microversions, tokens,
trusts and certificates, and the control plane of each cluster. Not real are the hypervisor (Nova's own fake
one), the wiring of networks, Heat, and the message broker: services that talk to each other by RPC share a
process instead.

Two interpreters are at work. ``services`` and ``driver`` run in the virtual environment made from
``testbed/requirements-openstack.lock``; everything else runs in the project's. ``settings``, ``faults`` and
``request_log`` are used on both sides and need the standard library only.
"""
