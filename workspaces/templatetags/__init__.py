"""Template tags of the workspaces app."""
