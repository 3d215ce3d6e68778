"""The demo: two workspaces, a few people, channels on the provider simulator, and chats that read like a shop's day."""
