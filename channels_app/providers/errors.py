"""The one error that an adapter raises."""


class ProviderError(Exception):
    """A call to a provider that did not succeed.

    Exactly one of these describes it:
    permanent        refused for good; no repetition will help
    retry_after      asked to slow down: seconds, or 0.0 when the provider named no time
    outcome_unknown  the request may have taken effect (time-out, reset or 5xx after the body left)
    unauthorized     the WhatsApp session or the token is gone; nothing works until somebody reconnects
    otherwise        certainly not sent; trying again is safe

    `code` is short and stable for programs, `detail` one sentence for people without secrets or message text.
    `scope` tells what a retry_after limits: "lane" (the number) or "chat" (this recipient).
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
        unauthorized: bool = False,
        scope: str = "lane",
        http_status: int | None = None,
    ):
        self.code = code
        self.detail = detail
        self.permanent = permanent
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown
        self.unauthorized = unauthorized
        self.scope = scope
        self.http_status = http_status
        super().__init__(f"{code}: {detail}")


def impossible(code: str, detail: str) -> ProviderError:
    """For what no vendor, or not this one, can ever do."""
    return ProviderError(code, detail, permanent=True)


class Unreadable(Exception):
    """A body that is genuine but cannot be understood; the message says why in one sentence."""
