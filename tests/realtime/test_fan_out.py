"""One update to many sockets: quick and slow ones, late ones, broken ones, and servers that know only ASGI."""

import json
import socket
import struct
from collections.abc import Callable
from contextlib import ExitStack
from random import Random

import pytest

from markets.realtime.wire import Wire
from tests.realtime.served import Served
from tests.realtime.tide import CHANNEL, Heard, TidalHub, joined, news, state

Serve = Callable[..., Served]
# Around the lengths at which a frame's header grows, of the whole text.
LENGTHS = (125, 126, 127, 65_535, 65_536, 65_537)


def tidal(serve: Serve, **options: object) -> tuple[Served, TidalHub]:
    served = serve(make_hub=TidalHub, **options)
    assert isinstance(served.hub, TidalHub)
    return served, served.hub


@pytest.mark.parametrize("websocket", [Wire, "websockets-sansio"], ids=["wire", "asgi"])
def test_whoever_joins_whenever_gets_all_that_follows_numbered_from_the_snapshot(serve: Serve, websocket) -> None:
    served, hub = tidal(serve, websocket=websocket)
    draw = Random(4)
    with ExitStack() as stack:
        sockets = []
        for number in range(0, 60, 10):
            socket_ = joined(stack.enter_context(served.talk()))
            sockets.append((number, socket_))
            for each in range(number, number + 10):
                size = draw.choice((0, 100, 3_000, 70_000))
                hub.rise(state(each, size), news(each, size))
        for number, socket_ in sockets:
            heard = Heard().listen(socket_, until_news=59)
            assert heard.news == list(range(number, 60))
            assert heard.states[-1] == 59
            assert heard.states == sorted(set(heard.states))


def test_frames_of_any_length_arrive_whole(serve: Serve) -> None:
    served, hub = tidal(serve)
    with served.talk() as talk:
        connection = joined(talk)
        connection.recv()
        empty = len(f'{{"type":"update","channel":"{CHANNEL}","sequence":1,"data":{{"news":1,"x":""}}}}')
        for sequence, length in enumerate(LENGTHS, 1):
            hub.rise(news(1, length - empty))
            text = connection.recv()
            assert len(text) == length
            assert json.loads(text)["sequence"] == sequence


def test_a_slow_reader_misses_only_states_that_are_out_of_date_and_quick_ones_wait_for_nobody(serve: Serve) -> None:
    served, hub = tidal(serve, send_buffer=4_096)
    with served.talk() as quick_talk, served.talk() as slow_talk:
        quick, slow, heard = joined(quick_talk), joined(slow_talk), Heard()
        for number in range(400):
            hub.rise(state(number, 2_000), news(number, 2_000))
            heard.listen(quick, until_news=number)  # while the other reads nothing
        assert heard.news == heard.states == list(range(400))
        late = Heard().listen(slow, until_news=399)
        assert late.news == list(range(400))
        assert late.states == sorted(set(late.states))
        assert len(late.states) < 400
        # It has caught up: nothing is held back from now on.
        hub.rise(state(400), state(401), news(400))
        for heard_by, connection in ((late, slow), (heard, quick)):
            assert heard_by.listen(connection, until_news=400).states[-2:] == [400, 401]


def test_who_cannot_keep_up_is_closed_while_the_others_hear_everything(serve: Serve) -> None:
    served, hub = tidal(serve, send_buffer=4_096, queue=50)
    with served.talk() as quick_talk, served.talk() as slow_talk:
        quick, heard = joined(quick_talk), Heard()
        joined(slow_talk)
        for number in range(400):
            hub.rise(news(number, 2_000))
            heard.listen(quick, until_news=number)
        hub.await_clients(1)
        hub.rise(news(400))
        assert heard.listen(quick, until_news=400).news == list(range(401))
        assert slow_talk.closed() == (4408, "too slow")


def test_sockets_that_break_are_forgotten_and_nobody_else_notices(serve: Serve) -> None:
    served, hub = tidal(serve)
    with served.talk() as talk, ExitStack() as stack:
        whole, heard = joined(talk), Heard()
        breaking = [joined(stack.enter_context(served.talk())) for _ in range(8)]
        for number, each in enumerate(breaking):
            if number % 2:  # without a word: a reset, or just the end
                each.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.socket.shutdown(socket.SHUT_WR) if number % 4 else each.socket.close()
            hub.rise(*(news(number * 10 + step) for step in range(10)))
        hub.await_clients(1)
        hub.rise(news(80))
        assert heard.listen(whole, until_news=80).news == list(range(81))
