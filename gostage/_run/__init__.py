"""Running: carries out what the engine asks for, in threads or in an event loop."""
