"""The end of a stack: destroying it, proving that nothing is left, and finding those whose time is over."""
