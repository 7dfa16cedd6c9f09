"""The rules by which the derived tables of the corridor follow from the source tables."""
