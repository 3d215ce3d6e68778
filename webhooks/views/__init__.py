"""Doors of the webhooks app."""
