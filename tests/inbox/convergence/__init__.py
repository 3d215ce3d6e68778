"""Histories of what a provider tells, a small model of how they have to end, and what runs them."""
