"""The state that the engine keeps of a stack, as the last run left it."""
