"""Django admin of channels: tokens go in and never come out, the state is read, deeds go through the services."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from channels_app.forms import field_for
from channels_app.models import Channel, ConnectionLogEntry, Credential
from channels_app.providers import built_in, description_of
from channels_app.selectors.channels import shown, webhook_url
from channels_app.services import channels, connection, grouping, webhooking
from channels_app.states import ProviderKind
from kernel.admin import ReadOnlyAdmin, ReadOnlyInline, action_on_each
from kernel.errors import Invalid
from workspaces.access import Operator

LOG_ROWS = 50


def _asked_by_vendors() -> dict[str, forms.CharField]:
    """One field for each name that any vendor asks for; which of them count is the chosen vendor's to say."""
    fields = {one.name: field_for(one) for name in built_in() for one in description_of(name).given}
    for field in fields.values():
        field.required, field.initial = False, None
    return fields


VendorFields = type("VendorFields", (forms.Form,), _asked_by_vendors())


class ChannelForm(forms.ModelForm, VendorFields):
    """The rules are the services'; a mistake is shown beside its field. What was typed as a secret is never drawn."""

    class Meta:
        model = Channel
        fields = ["workspace", "provider", "name", "phone_number"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if "provider" in self.fields:
            self.fields["provider"].choices = [
                (kind.value, kind.label) for kind in ProviderKind if kind.value in built_in()
            ]

    def clean_name(self) -> str:
        return self._accepted(channels.clean_name, self.cleaned_data["name"], limit=channels.NAME_LIMIT)

    def clean_phone_number(self) -> str:
        return self._accepted(channels.clean_phone_number, self.cleaned_data["phone_number"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        provider = cleaned.get("provider") or self.instance.provider
        if provider not in built_in():
            return cleaned
        try:
            adding = self.instance._state.adding
            channels.clean_values(description_of(provider), self.given(), partial=not adding)
        except Invalid as refusal:
            for name, complaints in refusal.fields.items():
                self.add_error(name if name in self.fields else None, complaints)
        return cleaned

    def given(self) -> dict[str, str]:
        """What was typed of the vendor's values."""
        names = VendorFields.base_fields
        return {name: value for name in names if (value := self.cleaned_data.get(name))}

    @staticmethod
    def _accepted(clean: Any, value: str, **rules: Any) -> str:
        try:
            return clean(value, **rules)
        except Invalid as refusal:
            raise forms.ValidationError(refusal.message) from None


class ConnectionLogInline(ReadOnlyInline):
    model = ConnectionLogEntry
    fields = readonly_fields = ["at", "old", "new", "reason", "actor_name", "times", "last_at"]
    ordering = ["-id"]
    max_num = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        newest = ConnectionLogEntry.objects.filter(channel=OuterRef("channel")).order_by("-id")
        return super().get_queryset(request).filter(pk__in=Subquery(newest.values("pk")[:LOG_ROWS]))


def _action(deed: Any, name: str, words: str, done: str) -> Any:
    def do(request: HttpRequest, channel: Channel) -> None:
        deed(actor=Operator(user=request.user, workspace=channel.workspace), channel_id=channel.pk)

    return action_on_each(name, words, do, done=done)


ACTIONS = [
    _action(connection.connect, "connect", "Connect", "being connected"),
    _action(connection.disconnect, "disconnect", "Disconnect (stop sending)", "disconnected"),
    _action(connection.reconnect, "reconnect", "Reconnect", "being connected again"),
    _action(connection.log_out, "log_out", "Log out (unlink the phone)", "being logged out"),
    _action(grouping.sync_groups, "sync_groups", "Synchronise groups", "being read"),
    _action(webhooking.check_webhook, "check_webhook", "Check the webhook", "being checked"),
    _action(channels.remove_channel, "remove", "Remove (chats stay)", "removed"),
]


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):
    form = ChannelForm
    list_display = ["name", "workspace", "provider", "phone_number", "status", "status_since", "paused_until"]
    list_filter = ["status", "provider", "workspace"]
    search_fields = ["name", "phone_number", "own_wa_id", "provider_channel_id"]
    list_select_related = ["workspace"]
    show_full_result_count = False
    actions = ACTIONS
    inlines = [ConnectionLogInline]
    state = [
        "status",
        "status_detail",
        "status_since",
        "paused_until",
        "wants_connection",
        "own_wa_id",
        "provider_channel_id",
        "token_hint",
        "webhook_address",
        "last_inbound_at",
        "last_acknowledged_at",
        "last_confirmed_at",
        "silent_since",
        "checked_at",
        "webhook_state",
        "webhook_detail",
        "webhook_checked_at",
        "restarts",
        "restart_at",
        "former_wa_id",
        "settings",
        "created_at",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return shown(super().get_queryset(request).living())

    def get_fields(self, request: HttpRequest, obj: Channel | None = None) -> list[str]:
        fields = ["workspace", "provider", "name", "phone_number", *VendorFields.base_fields]
        return fields if obj is None else [*fields, *self.state]

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> list[str]:
        return [] if obj is None else ["workspace", "provider", *self.state]

    def get_inlines(self, request: HttpRequest, obj: Channel | None = None) -> list:
        return [] if obj is None else self.inlines

    def has_delete_permission(self, request: HttpRequest, obj: Channel | None = None) -> bool:
        return False  # deleting would take chats and messages along; the action "remove" keeps them

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def save_model(self, request: HttpRequest, obj: Channel, form: ChannelForm, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in ("name", "phone_number")} | form.given()
        actor = Operator(user=request.user, workspace=obj.workspace)
        if change:
            channels.update_channel(actor=actor, channel_id=obj.pk, **given)
        else:
            made, _ = channels.create_channel(actor=actor, provider=obj.provider, **given)
            obj.pk = made.pk

    @admin.display(description="Paused until")
    def paused_until(self, channel: Channel) -> Any:
        return channel.paused_until

    @admin.display(description="Token")
    def token_hint(self, channel: Channel) -> str:
        if channel.token_hint is None:
            return "none"
        return f"stored, ends in {channel.token_hint}" if channel.token_hint else "stored"

    @admin.display(description="Webhook address")
    def webhook_address(self, channel: Channel) -> str:
        return webhook_url(channel)


@admin.register(Credential)
class CredentialAdmin(ReadOnlyAdmin):
    """Which secrets there are; not what they are, not even sealed."""

    list_display = ["channel", "name", "hint", "updated_at", "expires_at"]
    list_filter = ["name"]
    list_select_related = ["channel"]
    exclude = ["sealed"]


@admin.register(ConnectionLogEntry)
class ConnectionLogAdmin(ReadOnlyAdmin):
    list_display = ["at", "channel", "old", "new", "reason", "actor_name", "times", "last_at"]
    list_filter = ["new", "workspace"]
    list_select_related = ["channel"]
    ordering = ["-id"]
