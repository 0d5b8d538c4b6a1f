"""What must hold for every resource of a stack, as pure functions: `check` and the Pulumi policy pack share them."""
