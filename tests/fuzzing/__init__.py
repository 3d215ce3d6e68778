"""A coverage-guided fuzzer for what reads webhooks: it keeps each input that reaches new code, and changes it again."""
