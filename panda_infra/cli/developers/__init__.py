"""The commands `dev ...`: namespaces of developers on the cluster of another stack."""
