"""Messages and files at a simulated provider, bounded: the oldest are forgotten when there are too many."""

import threading
from collections import deque
from collections.abc import MutableMapping
from typing import Any

from channels_app.providers.simulating.exchange import File
from channels_app.providers.simulating.options import Options


class Shelves:
    """`shelf` is the mapping of one channel, by id; the bounds of Options are for all channels together."""

    def __init__(self, options: Options):
        self._options = options
        self._lock = threading.RLock()
        self._messages: deque[tuple[MutableMapping[str, Any], str]] = deque()
        self._files: deque[tuple[MutableMapping[str, File], str]] = deque()
        self._file_bytes = 0

    def keep_message(self, shelf: MutableMapping[str, Any], message_id: str, message: Any) -> None:
        with self._lock:
            if message_id not in shelf:
                self._messages.append((shelf, message_id))
            shelf[message_id] = message
            while len(self._messages) > self._options.max_messages:
                owner, oldest = self._messages.popleft()
                owner.pop(oldest, None)

    def keep_file(self, shelf: MutableMapping[str, File], file: File) -> File:
        with self._lock:
            shelf[file.id] = file
            self._files.append((shelf, file.id))
            self._file_bytes += len(file.content)
            while self._file_bytes > self._options.max_media_bytes and len(self._files) > 1:
                owner, oldest = self._files.popleft()
                gone = owner.pop(oldest, None)
                self._file_bytes -= len(gone.content) if gone else 0
            return file
