"""Developers' stacks: their names, their files made from their parent's, and what they send to a fork."""
