"""The past of runs, read from a database: none of a user's code is imported or run for it."""
