"""The actual state of a stack in its cluster and cloud: objects that it meets, and its condition."""
