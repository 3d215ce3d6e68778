"""Traffic both ways while programs and PostgreSQL are killed and the provider misbehaves, and a judge at the end."""
