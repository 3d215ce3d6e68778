"""Sealing every stored secret again, after a new encryption key was put before the old ones."""

from dataclasses import dataclass, field

from channels_app.models import Credential
from kernel.crypto import CannotDecrypt, reseal

BATCH = 100


@dataclass
class RotationReport:
    resealed: int = 0
    current: int = 0  # under the newest key already
    unreadable: list[str] = field(default_factory=list)  # which credentials no key opens, for people


def rotate_credentials() -> RotationReport:
    """Bring every credential under the newest key. It may be stopped and run again; what was done stays done.

    A credential that somebody replaces meanwhile keeps the newer value, which is under the newest key by itself.
    """
    report = RotationReport()
    for credential in Credential.objects.select_related("channel").order_by("id").iterator(chunk_size=BATCH):
        try:
            sealed = reseal(credential.sealed)
        except CannotDecrypt:
            report.unreadable.append(f"{credential.name} of channel {credential.channel} ({credential.channel_id})")
            continue
        if sealed is None:
            report.current += 1
        else:
            report.resealed += Credential.objects.filter(pk=credential.pk, sealed=credential.sealed).update(
                sealed=sealed
            )
    return report
