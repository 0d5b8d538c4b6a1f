"""Failover between two stacks: the steps, the databases, and each stack as the steps see it."""
