"""Shapes of what people and programs ask for, shared by the API and the pages; they validate and never save."""

import json

from rest_framework import serializers

from channels_app.policy import WA_ID_LIMIT
from inbox.jobs import Draft
from inbox.services.sending import CLIENT_ID_MAX
from inbox.states import SENDABLE_TYPES

SHORT = 300
OPTIONS = range(2, 13)  # WhatsApp's own limits for polls


class LocationForm(serializers.Serializer):
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)
    name = serializers.CharField(max_length=SHORT, required=False, allow_blank=True, default="")
    address = serializers.CharField(max_length=SHORT, required=False, allow_blank=True, default="")


class ContactCardForm(serializers.Serializer):
    name = serializers.CharField(max_length=SHORT)
    phones = serializers.ListField(child=serializers.CharField(max_length=40), min_length=1, max_length=20)


class PollForm(serializers.Serializer):
    question = serializers.CharField(max_length=SHORT)
    options = serializers.ListField(
        child=serializers.CharField(max_length=SHORT), min_length=OPTIONS[0], max_length=OPTIONS[-1]
    )
    multiple = serializers.BooleanField(default=False)

    def validate_options(self, options: list[str]) -> list[str]:
        if len(set(options)) != len(options):
            raise serializers.ValidationError("Every option must be a different one.")
        return options


class ChoiceForm(serializers.Serializer):
    id = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    title = serializers.CharField(max_length=24)
    description = serializers.CharField(max_length=72, required=False, allow_blank=True, default="")


class InteractiveForm(serializers.Serializer):
    """One to three buttons, or a list of up to ten rows behind one button; the message's text stands above."""

    header = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    footer = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    buttons = serializers.ListField(child=ChoiceForm(), max_length=3, required=False, default=list)
    button = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    rows = serializers.ListField(child=ChoiceForm(), max_length=10, required=False, default=list)

    def validate(self, data: dict) -> dict:
        if bool(data["buttons"]) == bool(data["rows"]):
            raise serializers.ValidationError("Give either buttons or rows.")
        return data


class TemplateForm(serializers.Serializer):
    name = serializers.CharField(max_length=512)
    language = serializers.CharField(max_length=20)
    variables = serializers.DictField(
        child=serializers.CharField(max_length=1024),
        required=False,
        default=dict,
        help_text="A value for each blank, by its key (GET /channels/{id}/templates).",
    )


class DraftForm(serializers.Serializer):
    """A message to send. How long the text may be, and what each type needs, is the draft's own rule."""

    client_id = serializers.CharField(
        max_length=CLIENT_ID_MAX,
        help_text="Your name for this message, new for each. The same one again with the same content repeats nothing.",
    )
    type = serializers.ChoiceField(choices=sorted(SENDABLE_TYPES), default="text")
    text = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, default="", help_text="Also the caption of media."
    )
    quoted = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The message that this one replies to."
    )
    attachment = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="The id of an upload (POST /attachments)."
    )
    location = LocationForm(required=False, allow_null=True, default=None)
    contacts = serializers.ListField(child=ContactCardForm(), required=False, allow_null=True, default=None)
    poll = PollForm(required=False, allow_null=True, default=None)
    interactive = InteractiveForm(required=False, allow_null=True, default=None)
    template = TemplateForm(required=False, allow_null=True, default=None)
    due_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Send it then: one minute to one year from now."
    )
    mentions = serializers.ListField(
        child=serializers.CharField(max_length=WA_ID_LIMIT), required=False, max_length=300, default=list
    )

    def draft(self) -> Draft:
        """What was asked for, after `is_valid`."""
        data = self.validated_data
        return Draft(
            type=data["type"],
            text=data["text"],
            quoted_id=data["quoted"],
            attachment_id=data["attachment"],
            location=data["location"] and dict(data["location"]),
            contacts=[dict(card) for card in data["contacts"]] if data["contacts"] else None,
            poll=data["poll"] and dict(data["poll"]),
            interactive=data["interactive"] and json.loads(json.dumps(data["interactive"])),
            template=data["template"] and dict(data["template"]),
            mentions=data["mentions"],
        )


class EditForm(serializers.Serializer):
    """Either field, or both."""

    text = serializers.CharField(trim_whitespace=False, allow_blank=True, required=False)
    due_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Another time for a scheduled message; null sends it now."
    )


class NoteForm(serializers.Serializer):
    client_id = serializers.CharField(max_length=CLIENT_ID_MAX, help_text="Your name for this note, new for each.")
    text = serializers.CharField(trim_whitespace=False, help_text="@Name tells that member.")


class NoteEditForm(serializers.Serializer):
    text = serializers.CharField(trim_whitespace=False)


class ReactionForm(serializers.Serializer):
    emoji = serializers.CharField(max_length=32, trim_whitespace=False)


class ContactForm(serializers.Serializer):
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    notes = serializers.CharField(max_length=20_000, required=False, allow_blank=True, trim_whitespace=False)


class SeparateForm(serializers.Serializer):
    wa_id = serializers.CharField(max_length=WA_ID_LIMIT, help_text="One of the contact's other WhatsApp ids.")


class UploadForm(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True)
    kind = serializers.CharField(
        max_length=8,
        required=False,
        default="",
        help_text="image, video, audio, voice, document or sticker; without it the type of the file decides.",
    )
