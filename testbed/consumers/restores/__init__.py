"""Backups of a stack's databases: its own Jobs and commands, with the databases and an S3 server themselves."""
