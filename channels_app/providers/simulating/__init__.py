"""What every provider simulator is built from: a server that can misbehave, webhooks, customers, a control API."""
