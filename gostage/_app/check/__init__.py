"""The check: what is wrong with a workflow, found without running any of it."""
