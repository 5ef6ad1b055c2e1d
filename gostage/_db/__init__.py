"""Databases: where runs are kept, one owner each; nothing here knows how a run is carried out."""
