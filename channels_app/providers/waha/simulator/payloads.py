"""WAHA's JSON for messages, reports and groups, as its engine GOWS makes them; pure but for the clock."""

import time
from datetime import UTC, datetime
from typing import Any

from channels_app.providers.simulating.exchange import File
from channels_app.providers.waha.simulator.state import Session

ACK_NAMES = {-1: "ERROR", 0: "PENDING", 1: "SERVER", 2: "DEVICE", 3: "READ", 4: "PLAYED"}
MEDIA = {
    "image": "imageMessage",
    "video": "videoMessage",
    "audio": "audioMessage",
    "voice": "audioMessage",
    "document": "documentMessage",
    "sticker": "stickerMessage",
}


def digits(wa_id: str) -> str:
    return wa_id.split("@")[0]


def chat_id_of(to: str) -> str:
    """In WAHA's form: bare digits are a person."""
    if "@" not in to:
        return f"{to}@g.us" if "-" in to else f"{to}@c.us"
    return to.replace("@s.whatsapp.net", "@c.us")


def jid(wa_id: str) -> str:
    return wa_id.replace("@c.us", "@s.whatsapp.net")


def long_id(from_me: bool, chat: str, message_id: str, participant: str = "") -> str:
    return "_".join([str(from_me).lower(), chat, message_id, *([participant] if participant else [])])


def message(
    session: Session,
    message_id: str,
    chat: str,
    *,
    from_me: bool,
    proto: dict[str, Any],
    sender: str = "",
    phone: str = "",
    name: str = "",
    body: str = "",
    at: float = 0,
    source: str = "app",
    media: dict[str, Any] | None = None,
    reply_to: dict[str, Any] | None = None,
    location: dict[str, Any] | None = None,
    cards: list[str] | None = None,
    ack: int = 1,
) -> dict[str, Any]:
    """A message as webhooks and lists show it. `phone`: the other side's number, where `chat` is a hidden id."""
    group = chat.endswith("@g.us")
    author = (session.own_id if from_me else sender) if group else ""
    seconds = int(at or time.time())
    info = {
        "Chat": jid(chat),
        "Sender": jid(session.own_id if from_me else sender or chat),
        "IsFromMe": from_me,
        "IsGroup": group,
        "ID": message_id,
        "PushName": session.push_name if from_me else name,
        "Timestamp": datetime.fromtimestamp(seconds, tz=UTC).isoformat(),
        "SenderAlt": "" if from_me else jid(phone),
        "RecipientAlt": jid(phone) if from_me else "",
    }
    return {
        "id": long_id(from_me, chat, message_id, author),
        "timestamp": seconds,
        "from": chat,
        "fromMe": from_me,
        "source": source,
        "to": chat if group else None,
        "participant": author or None,
        "body": body,
        "hasMedia": media is not None,
        "media": media,
        "ack": ack,
        "ackName": ACK_NAMES[ack],
        "location": location,
        "vCards": cards,
        "replyTo": reply_to,
        "_data": {"Info": info, "Message": proto},
    }


def file_media(session: Session, file: File, base_url: str) -> dict[str, Any]:
    """WAHA believes to be at `localhost`, whatever others call it."""
    port = base_url.rpartition(":")[2]
    link = f"http://localhost:{port}/api/files/{session.name}/{file.id}"
    return {"url": link, "mimetype": file.mime_type, "filename": file.name or None, "error": None}


def media_proto(kind: str, file: File, caption: str = "") -> dict[str, Any]:
    content: dict[str, Any] = {
        "mimetype": file.mime_type,
        "fileLength": len(file.content),
        "fileSHA256": file.sha256,
        "JPEGThumbnail": "/9j/",
    }
    if caption:
        content["caption"] = caption
    if kind in ("audio", "voice"):
        content |= {"PTT": kind == "voice", "seconds": 2}
    if kind == "document":
        content["fileName"] = file.name
    return {MEDIA[kind]: content}


def text_proto(text: str, quoted: str = "", by: str = "") -> dict[str, Any]:
    if not quoted:
        return {"conversation": text}
    context = {"stanzaID": quoted, "participant": jid(by), "quotedMessage": {"conversation": "…"}}
    return {"extendedTextMessage": {"text": text, "contextInfo": context}}


def poll_proto(question: str, options: list[str], multiple: bool) -> dict[str, Any]:
    listed = [{"optionName": option} for option in options]
    return {
        "pollCreationMessageV3": {
            "name": question,
            "options": listed,
            "selectableOptionsCount": 0 if multiple else 1,
        }
    }


def place_of(latitude: float, longitude: float, name: str, address: str = "") -> dict[str, Any]:
    return {
        "live": False,
        "latitude": latitude,
        "longitude": longitude,
        "name": name or None,
        "address": address or None,
    }


def ack(session: Session, known: dict[str, Any], level: int, *, participant: str = "") -> dict[str, Any]:
    """A report names the chat by the hidden id where there is one, whatever the message was sent to."""
    chat, message_id = known["from"], known["_data"]["Info"]["ID"]
    chat = session.lids.get(digits(chat), chat)
    group = chat.endswith("@g.us")
    payload = {
        "id": long_id(known["fromMe"], chat, message_id, known["participant"] or ""),
        "from": chat,
        "to": chat if group else None,
        "participant": participant or None,
        "fromMe": known["fromMe"],
        "ack": level,
        "ackName": ACK_NAMES[level],
    }
    if level == -1:
        payload["error"] = {"code": "463", "blocked": True, "reason": "account_restricted", "until": None}
    return payload


def group_raw(group_id: str, name: str, participants: list[dict[str, Any]], announce: bool = False) -> dict[str, Any]:
    """A group as the engine lists it."""
    return {"JID": group_id, "Name": name, "IsAnnounce": announce, "IsLocked": False, "Participants": participants}


def member_raw(session: Session, person: str, rank: str = "member") -> dict[str, Any]:
    hidden = session.lids.get(person)
    return {
        "JID": hidden or f"{person}@s.whatsapp.net",
        "PhoneNumber": f"{person}@s.whatsapp.net",
        "IsAdmin": rank in ("admin", "creator"),
        "IsSuperAdmin": rank == "creator",
    }


def group_info(raw: dict[str, Any]) -> dict[str, Any]:
    """A group in WAHA's own form. `membersCanSendMessages` is the wrong way round, as it is there."""
    people = [
        {
            "id": person["JID"].replace("@s.whatsapp.net", "@c.us"),
            "pn": person["PhoneNumber"].replace("@s.whatsapp.net", "@c.us"),
            "role": "superadmin" if person["IsSuperAdmin"] else "admin" if person["IsAdmin"] else "participant",
        }
        for person in raw["Participants"]
    ]
    return {
        "id": raw["JID"],
        "subject": raw["Name"],
        "description": "",
        "participants": people,
        "membersCanAddNewMember": True,
        "membersCanSendMessages": raw["IsAnnounce"],
        "newMembersApprovalRequired": False,
    }
