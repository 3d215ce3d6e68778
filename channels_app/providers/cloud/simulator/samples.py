"""Templates that every simulated account has."""

from typing import Any

TEMPLATES: list[dict[str, Any]] = [
    {
        "name": "order_update",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [
            {
                "type": "BODY",
                "text": "Hello {{1}}, your order {{2}} is on its way.",
                "example": {"body_text": [["Dana", "WB-1042"]]},
            },
            {"type": "FOOTER", "text": "Demo shop"},
        ],
    },
    {
        "name": "appointment_reminder",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Your appointment"},
            {
                "type": "BODY",
                "text": "Hello {{name}}, see you on {{day}}. Is that still good?",
                "example": {
                    "body_text_named_params": [
                        {"param_name": "name", "example": "Dana"},
                        {"param_name": "day", "example": "Monday"},
                    ]
                },
            },
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Confirm"},
                    {"type": "URL", "text": "Move it", "url": "https://example.test/a/{{1}}", "example": ["x7"]},
                ],
            },
        ],
    },
    {
        "name": "hello_again",
        "language": "en_US",
        "status": "APPROVED",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": "Hello! May we help you with anything?"}],
    },
    {
        "name": "product_news",
        "language": "en_US",
        "status": "APPROVED",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://example.test/a.png"]}},
            {"type": "BODY", "text": "New in the shop: {{1}}.", "example": {"body_text": [["the blue teapot"]]}},
        ],
    },
    {
        "name": "winter_sale",
        "language": "en_US",
        "status": "PAUSED",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": "Everything is cheaper until Sunday."}],
    },
]
