"""How often signing in failed lately, so that passwords cannot be guessed in bulk."""

from django.db import models


class SignInFailures(models.Model):
    """One window of failures. `key` is a digest of what is counted (an address, a network address), never the thing."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "sign-in failures"
        indexes = [models.Index(fields=["since"], name="sign_in_failures_oldest")]

    def __str__(self) -> str:
        return f"{self.count} since {self.since:%Y-%m-%d %H:%M}"
