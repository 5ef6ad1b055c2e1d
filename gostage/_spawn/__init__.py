"""Children: parts of a run in processes of their own; nothing below knows of them."""
