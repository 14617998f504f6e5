"""The connector contract, the runner, and the built-in sources and sinks."""
