"""The store: typed values with metadata, their codec, and transactions over them.

Nothing here does I/O or reads a clock of its own; nothing here knows of runs or workflows.
"""
