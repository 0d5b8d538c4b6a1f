"""This program's own Pulumi provider plugin: what no published plugin can express.

Magnum clusters that survive Magnum's races, access to them that renews itself, labels and LanDB aliases on nodes
that come and go.
"""

PACKAGE = "panda-magnum"
