"""Starts PanDA's own software from registries' packages, to test that it reads the program's output.

Nothing of it is simulated: `pods` gives each container its environment and files as a kubelet would. `sandbox` starts
programs of `tools.images` in their own namespaces, where Services have their names and ports. A module for each
consumer checks what it must accept and what it must refuse.
"""
