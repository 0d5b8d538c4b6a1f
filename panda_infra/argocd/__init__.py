"""Argo CD's resources as plain data, made of a Plan."""
