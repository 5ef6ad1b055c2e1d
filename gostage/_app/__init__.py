"""The composition root: runners, which put everything together."""
