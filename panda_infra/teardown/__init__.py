"""The end of a stack: destroy it, prove that nothing is left, and find expired stacks."""
