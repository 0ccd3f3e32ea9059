"""Captions that were paid for, kept for a while under what was heard, so that the same audio is not paid for twice."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from captionfleet_ledger.records import CaptionMemo, RememberedCaption
from captionfleet_ledger.server import Command
from captionfleet_ledger.store import Store

MAX_BYTES = 64 * 1024
"""Of one entry, its caption as UTF-8: ten times a long caption. What is longer is not kept."""


class Captions:
    """An entry lives in the shard of its key, and the server forgets it by itself when its time is over."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def recall(self, key: str) -> RememberedCaption | None:
        """The caption that is kept under a key, or None. One round trip."""
        raw = self._store.send(("GET", f"{self._store.prefixes[self._store.shard_of(key)]}caption:{key}"))
        return None if raw is None else _remembered(json.loads(raw))


def _remembered(entry: Mapping[str, str]) -> RememberedCaption:
    """A newer release may have said more."""
    return RememberedCaption(entry["job_id"], entry["caption"])


def keeping(store: Store, memo: CaptionMemo | None) -> tuple[Command, ...]:
    """The command that keeps a caption, to go with others; none where there is nothing to keep."""
    if memo is None:
        return ()
    entry = json.dumps(asdict(memo.remembered), ensure_ascii=False).encode()
    if len(entry) > MAX_BYTES:
        return ()
    milliseconds = max(1, round(memo.seconds * 1000))
    return (store.script("remember", store.shard_of(memo.key), memo.key, entry, milliseconds),)
