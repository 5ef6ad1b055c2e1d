"""What stands around the work: middleware today, hooks and their manager."""
