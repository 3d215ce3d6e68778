"""REST API of the outbox app, mounted under /api/v1/."""
