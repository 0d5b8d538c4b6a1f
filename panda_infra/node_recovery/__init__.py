"""Node recovery: releases the pods and volumes of nodes whose machine is down.

The package runs in two places: in the cluster, from a ConfigMap, by a plain Python without any package; and as the
command `recover-nodes`. So it and `panda_infra.clients.pod` import nothing but the standard library and each other.
"""
