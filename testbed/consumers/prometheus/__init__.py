"""A stack's monitoring with Prometheus, Alertmanager and exporters themselves."""
