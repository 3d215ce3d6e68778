"""A kind of outbox item that posts to an HTTP server of the test; installed in relay processes that tests start."""
