"""One update to many sockets."""

from collections.abc import Iterable

from markets.realtime.client import GONE, Subscription
from markets.realtime.frames import Update, around_sequence
from markets.realtime.wire import text_header


def fan_out(subscriptions: Iterable[Subscription], update: Update) -> None:
    """Send an update to these subscriptions, all of one channel.

    Where nothing waits and the socket takes more, it is numbered, encoded and written at once, encoded once for all whose
    sequence is the same. Elsewhere it waits in the outbox, as it would if it were sent by itself: bounded and conflated.
    """
    frames: dict[int, bytes] = {}
    parts: tuple[bytes, bytes] | None = None
    for subscription in subscriptions:
        client = subscription.client
        wire = client.wire
        if wire is None or not client.is_clear:
            client.outbox.put_update(subscription.numbering, update)
            continue
        numbering = subscription.numbering
        numbering.sequence = sequence = numbering.sequence + 1
        frame = frames.get(sequence)
        if frame is None:
            if parts is None:
                parts = around_sequence("update", numbering.channel, update.body)
            before, after = parts
            text = b"%b%d%b" % (before, sequence, after)
            frame = frames[sequence] = text_header(len(text)) + text
        if not wire.write(frame):
            client.close(GONE, "gone")
