"""What a session remembers, and how it waits for answers."""
