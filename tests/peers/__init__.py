"""The same inputs given to us and to the libraries that a team would otherwise pick."""
