"""Benchmarks: figures next to figures of the same run; `python -m benchmarks` prints them."""
