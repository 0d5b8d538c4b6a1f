"""The commands of the group `dev`: namespaces of developers on the cluster of another stack."""
