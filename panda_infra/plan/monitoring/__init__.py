"""Monitoring of a stack: what is scraped, exporters, alerts, dashboards, as objects of the cluster."""
