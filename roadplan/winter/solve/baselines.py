"""Baselines."""
def register_all() -> None:
    """Register."""
