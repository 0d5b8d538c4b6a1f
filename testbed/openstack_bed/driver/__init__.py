"""Drivers that replace hardware: Magnum's of clusters, Neutron's of ports, Cinder's of volumes, Manila's of shares."""
