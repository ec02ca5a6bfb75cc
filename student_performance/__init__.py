"""The domain: which students are at risk, how well that is known, and whether a model may serve."""
