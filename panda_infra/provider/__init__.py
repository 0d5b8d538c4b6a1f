"""This program's own Pulumi provider plugin, for resources that no published plugin has.

Magnum clusters that survive Magnum's races, access to them that renews itself, labels and LanDB aliases on changing
sets of nodes.
"""

PACKAGE = "panda-magnum"
