"""What stands in for hardware: Magnum's driver of clusters, and Neutron's of ports."""
