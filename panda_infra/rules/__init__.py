"""What a stack may not be: one book of rules, and the one judge that applies it."""
