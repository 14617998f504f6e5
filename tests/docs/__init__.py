"""What the documentation says, held to be true."""
