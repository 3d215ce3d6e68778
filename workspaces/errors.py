"""What workspaces refuse."""

from kernel.errors import DomainError


class SignInRefused(DomainError):
    """One sentence for every reason, so that nobody learns which addresses have an account."""

    code = "sign_in_refused"
    message = "That e-mail address and password do not go together. Check both and try again."


class TooManyTries(DomainError):
    code = "too_many_tries"
    status = 429
    message = "Too many tries. Wait ten minutes, then try again."
