"""First-party plugins, written with the public names of gostage alone."""
