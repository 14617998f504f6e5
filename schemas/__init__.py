"""What travels: event types and their tags, codec, signed event, sealed envelope, hop. No I/O."""
