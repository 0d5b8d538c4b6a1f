"""The program of a backup's pod, by the standard library alone: it brings dumps to their place, lists and fetches them.

It runs from a ConfigMap, beside the scripts of each kind of database. It imports nothing of the program but
`clients.stores`.
"""
