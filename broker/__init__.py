"""The gateway, the log and its adapters, the register, keys, ledger, index, API and commands."""
