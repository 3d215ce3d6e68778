"""REST API of the inbox app, mounted under /api/v1/."""
