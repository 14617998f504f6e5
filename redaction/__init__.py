"""Agreement, decision, view: pure functions with no clock, network, disk or key store."""
