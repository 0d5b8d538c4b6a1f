"""The Pulumi CLI: encryption of stack files, previews and updates."""
