"""A plugin in front of the official Kubernetes plugin, which it starts and passes every call on to.

Before a call on a Helm release it looks at what Helm itself has: the engine only knows what its state says, which is
not the truth after a run was killed, and the official plugin then fails for ever. So each release converges, whatever
the engine remembers, by `pulumi up`, `destroy` and `refresh` alike.
"""
