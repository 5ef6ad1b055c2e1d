"""Crashes: a run is killed at each of its writes and must come to the same end; nothing else."""
