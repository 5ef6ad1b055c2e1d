"""The pure engine: what a run is made of and what happens next.

Nothing here does anything: no input or output, no clock, no thread, no await.
"""
