"""One page each: `show(dataset, words)` draws it."""
