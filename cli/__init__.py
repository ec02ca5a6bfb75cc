"""Commands: what they take, what they print. Heavy imports wait until a command needs them."""
