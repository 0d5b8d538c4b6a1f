"""A cluster that this program makes with OpenStack Magnum."""
