"""The commands as users meet them."""
