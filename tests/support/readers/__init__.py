"""Strict readers of what a stack makes, by the rules of the software that no registry has.

Each takes a container as a kubelet would start it, its environment and its mounted files, reads them as that software
does, and gives what the software would then work with. What it could not start with, or would quietly take for
something else, is refused.
"""
