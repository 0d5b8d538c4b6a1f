"""PanDA's own software, started from registries' packages, reads what the program makes.

Nothing of it is simulated: `pods` gives each container its environment and files as a kubelet would, `sandbox` starts
programs of `tools.images` in namespaces of their own, where Services have their names and ports, and a module for each
consumer says what must be accepted and what refused.
"""
