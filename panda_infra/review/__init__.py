"""Reviews of changes: compares the Plans of two commits, reads previews, writes comments, applies plans."""
