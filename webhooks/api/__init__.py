"""REST API of the webhooks app, mounted under /api/v1/."""
