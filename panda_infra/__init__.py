"""PanDA on Kubernetes as one Pulumi program: config -> plan -> deploy."""
