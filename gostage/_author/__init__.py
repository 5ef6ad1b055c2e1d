"""The authoring layer: what a workflow is written with.

Nothing here runs anything; it may know the engine's nodes and policies and the store's values.
"""
