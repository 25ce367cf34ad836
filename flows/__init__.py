"""Runs: what the `warraq` command and the Prefect deployments do."""
