"""Whatever comes in from outside is read or refused as its reader declares, and quickly."""
