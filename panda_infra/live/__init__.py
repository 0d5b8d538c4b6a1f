"""What is really there, asked of the live cluster and cloud: the ways in, and a stack's condition."""
