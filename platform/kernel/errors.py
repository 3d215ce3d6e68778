"""Errors a person or a client may see: a code for programs, a sentence for people, an HTTP status."""


class DomainError(Exception):
    """Base of every refusal. Subclasses set `code`, `status` and a default `message`."""

    code = "refused"
    status = 400
    message = "That is not possible."

    def __init__(
        self, message: str | None = None, *, code: str | None = None, fields: dict[str, list[str]] | None = None
    ):
        self.message = message or self.message
        self.code = code or self.code
        self.fields = fields or {}
        super().__init__(self.message)


class NotFound(DomainError):
    """Not there, or not yours: the two are never told apart."""

    code = "not_found"
    status = 404
    message = "There is nothing here, or it is not yours to see."


class Forbidden(DomainError):
    code = "forbidden"
    status = 403
    message = "Your role does not allow this. Ask an admin of the workspace."


class Invalid(DomainError):
    code = "invalid"
    status = 400
    message = "Some of this cannot be used. See the fields named."


class Conflict(DomainError):
    code = "conflict"
    status = 409
    message = "This was already done differently."
