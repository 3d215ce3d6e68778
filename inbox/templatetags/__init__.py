"""Template tags of the inbox."""
