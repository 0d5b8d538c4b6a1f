"""Argo CD's own controllers beside a bed, with a git server as a source of charts besides the bed's registry."""
