"""Reviews of changes: Plans of two commits compared, previews read, risks first, comments written, plans applied."""
