"""A first look at a table of one's own: its profile, and a contract with guesses."""
