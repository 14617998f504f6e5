"""The redaction pipeline against what a team would otherwise pick, in one run on one core."""
