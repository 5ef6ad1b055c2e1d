"""Graphs of workflows: the ways control can take through a definition, and pictures of them."""
