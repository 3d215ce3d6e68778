"""Lets a template say stored sentences in the reader's language."""

from django import template

from kernel import sayings

register = template.Library()


@register.filter
def said(text: str) -> str:
    """See kernel/sayings.py."""
    return sayings.said(text)
