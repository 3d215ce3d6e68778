"""Errors as Graph gives them."""

from typing import Any

from channels_app.providers.simulating.exchange import Refusal

MESSAGES = {
    1: (500, "An unknown error occurred"),
    2: (503, "(#2) Service temporarily unavailable"),
    10: (403, "(#10) Application does not have permission for this action"),
    100: (400, "(#100) Invalid parameter"),
    190: (401, "Error validating access token: Session has expired."),
    368: (403, "(#368) Temporarily blocked for policies violations"),
    130429: (400, "(#130429) Rate limit hit"),
    131000: (500, "(#131000) Something went wrong"),
    131008: (400, "(#131008) Required parameter is missing"),
    131009: (400, "(#131009) Parameter value is not valid"),
    131021: (400, "(#131021) Recipient cannot be sender"),
    131056: (400, "(#131056) (Business Account, Consumer Account) pair rate limit hit"),
    132000: (400, "(#132000) Number of parameters does not match the expected number of params"),
    132001: (404, "(#132001) Template name does not exist in the translation"),
    132015: (400, "(#132015) Template is Paused"),
    133010: (400, "(#133010) The account is not registered"),
}
FAILURES = {
    131026: ("Message undeliverable", "Message Undeliverable."),
    131047: (
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
    ),
    131051: ("Message type unknown", "Message type is currently not supported."),
}


def error_body(code: int, details: str = "", *, subcode: int | None = None, message: str = "") -> dict[str, Any]:
    error: dict[str, Any] = {
        "message": message or MESSAGES.get(code, (400, f"(#{code}) simulated"))[1],
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": f"Simulated{code}",
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    if details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    return {"error": error}


def refused(code: int, details: str = "") -> Refusal:
    status, message = MESSAGES.get(code, (400, ""))
    return Refusal(status, message, body=error_body(code, details))


def unknown_object(object_id: str) -> Refusal:
    message = (
        f"Unsupported request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation"
    )
    return Refusal(400, message, body=error_body(100, subcode=33, message=message))


def failure(code: int) -> dict[str, Any]:
    """The error of a failed report."""
    title, details = FAILURES.get(code, (f"Error {code}", "Simulated."))
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details},
        "href": "https://example.test",
    }
