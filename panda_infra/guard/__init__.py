"""A plugin that starts the official Kubernetes plugin and passes every call on to it.

Before a call on a Helm release it reads Helm's own records: after a killed run the engine's state is wrong, and the
official plugin would fail in every further run. So `pulumi up`, `destroy` and `refresh` bring each release into the
wanted state, whatever the engine has recorded.
"""
