"""What PanDA is: one file per component with its chart, Secrets, claims, hosts and what it needs to be up first."""
