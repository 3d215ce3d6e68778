"""REST API of the channels_app app, mounted under /api/v1/."""
