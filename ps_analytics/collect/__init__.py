"""One module a game: bytes → frames → a `publish` callable."""
