"""Recordings: pictures of the real command in a real terminal; `python -m docs.recordings`."""
