"""Rules for stacks: one book of rules, and the one judge that applies it."""
