"""Peers: other engines at the same task, each in a process of its own; none of them is required."""
