"""Winter service: which crew clears which carriageway when, and how good that can be."""
