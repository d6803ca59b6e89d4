"""A network filter for Envoy that makes each message a client sends over a TCP connection wait: Envoy has none of its own. Pure.

It is a WebAssembly module by the proxy-wasm interface (ABI 0.2.1), which Envoy runs in its built-in V8. It is so small that it is
put together here, instruction by instruction, rather than kept as a binary that nobody can read. In words:

    configured      read the number given as text, revision * 10^10 + delay_ms * 10^5 + share in hundredths of a percent;
                    begin to tick
    data came       if this connection's data waits already, or a draw says so, let it wait (until now + delay); else let it go on
    tick            let go on what has waited long enough; when there is no delay and nothing waits, stop ticking
    closed          forget the connection

All connections of a door share one module per worker thread, so a new configuration acts on open connections at once: on those
that were there before a fault, and on those that outlive it. Waiting connections stand in a table of SLOTS entries of 16 bytes (context,
due time in nanoseconds); when it is full, data goes on.
"""

from collections.abc import Sequence
from functools import cache

SLOTS = 1_024
_REVISION = 10_000_000_000
TICK_MS = 2
_TABLE, _END = 4_096, 4_096 + 16 * SLOTS
_CLOCK, _POINTER, _SIZE, _HEAP = 16, 24, 28, 1_024
_DOWNSTREAM, _PLUGIN_CONFIGURATION = 2, 7
_PAUSE, _CONTINUE = 1, 0

# Instructions (WebAssembly core specification 1.0, section 5.4).
_IF, _ELSE, _LOOP, _END_BLOCK, _BR_IF, _RETURN, _CALL, _DROP = (
    b"\x04\x40", b"\x05", b"\x03\x40", b"\x0b", b"\x0d", b"\x0f", b"\x10", b"\x1a",
)  # fmt: skip
_EQZ, _EQ, _NE, _LT_U, _ADD, _SUB = b"\x45", b"\x46", b"\x47", b"\x49", b"\x6a", b"\x6b"
_AND, _EQZ64, _LE_U64, _GE_U64 = b"\x71", b"\x50", b"\x58", b"\x5a"
_ADD64, _MUL64, _DIV64, _REM64, _SHR64, _WIDEN = b"\x7c", b"\x7e", b"\x80", b"\x82", b"\x88", b"\xad"
_I32, _I64 = b"\x7f", b"\x7e"
# Functions that Envoy gives, in the order of their import; own functions follow.
_IMPORTS = ("proxy_get_current_time_nanoseconds", "proxy_set_tick_period_milliseconds", "proxy_set_effective_context",
            "proxy_continue_stream", "proxy_get_buffer_bytes")  # fmt: skip
_TIME, _TICK, _CONTEXT, _GO_ON, _BUFFER = range(5)
# Global variables: delay in nanoseconds, share in hundredths of a percent, state of the draws.
_DELAY, _SHARE, _SEED = range(3)


def setting(delay_ms: int, percent: float, revision: int) -> str:
    """What the module is configured with; nothing waits with a delay of 0.

    revision: grows with each change. Envoy passes over a configuration that some old listener with open connections still has,
    so going back to "no delay" must not read like the last time.
    """
    return str(revision * _REVISION + (delay_ms * 100_000 + max(1, round(percent * 100)) if delay_ms else 0))


@cache
def module() -> bytes:
    """The module's bytes."""
    kinds = [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (3, 1), (5, 1)]
    types = [b"\x60" + _vector([_I32] * taken) + _vector([_I32] * given) for taken, given in kinds]
    imports = [
        _name("env") + _name(name) + b"\x00" + _number(6 if name == _IMPORTS[_BUFFER] else 2) for name in _IMPORTS
    ]
    functions = _functions()
    exports = [_name("memory") + b"\x02\x00"]
    exports += [_name(name) + b"\x00" + _number(len(_IMPORTS) + at) for at, (name, _, _) in enumerate(functions)]
    variables = [_I64 + b"\x01" + b"\x42\x00\x0b"] * 3
    return b"\x00asm\x01\x00\x00\x00" + b"".join(
        bytes([number]) + _number(len(content)) + content
        for number, content in (
            (1, _vector(types)),
            (2, _vector(imports)),
            (3, _vector([_number(kind) for _, kind, _ in functions])),
            (5, _vector([b"\x00" + _number(2)])),
            (6, _vector(variables)),
            (7, _vector(exports)),
            (10, _vector([_number(len(code)) + code for _, _, code in functions])),
        )
    )


def _functions() -> list[tuple[str, int, bytes]]:
    """The module's own functions: exported name, type, body."""
    return [
        ("proxy_abi_version_0_2_1", 0, _body(0)),
        ("proxy_on_memory_allocate", 2, _body(1, _int(_HEAP))),
        ("proxy_on_vm_start", 4, _body(2, _int(1))),
        ("proxy_on_configure", 4, _configure()),
        ("proxy_on_context_create", 3, _body(2)),
        ("proxy_on_new_connection", 2, _body(1, _int(_CONTINUE))),
        ("proxy_on_downstream_data", 5, _on_data()),
        ("proxy_on_tick", 1, _on_tick()),
        ("proxy_on_delete", 1, _on_delete()),
    ]


def _configure() -> bytes:
    """Parameters: 0 context, 1 size of the configuration. Locals: 2 where to read, 3 (64 bits) the number."""
    where, found = 2, 3
    digit = _get(where) + b"\x2d\x00\x00" + _int(48) + _SUB + _WIDEN  # one byte, as its digit
    reading = _get(found) + _long(10) + _MUL64 + digit + _ADD64 + _set(found)
    reading += _get(where) + _int(1) + _ADD + _set(where) + _get(1) + _int(1) + _SUB + b"\x22\x01" + b"\x0d\x00"
    read = _int(_PLUGIN_CONFIGURATION) + _int(0) + _get(1) + _int(_POINTER) + _int(_SIZE) + _call(_BUFFER) + _DROP
    read += _int(_POINTER) + b"\x28\x02\x00" + _set(where) + _LOOP + reading + _END_BLOCK
    return _body(
        2,
        _get(1) + _IF + read + _END_BLOCK,
        _get(found) + _long(_REVISION) + _REM64 + _set(found),
        _get(found) + _long(100_000) + _DIV64 + _long(1_000_000) + _MUL64 + _put(_DELAY),
        _get(found) + _long(100_000) + _REM64 + _put(_SHARE),
        _now() + _put(_SEED),
        _int(TICK_MS) + _call(_TICK) + _DROP,
        _int(1),
        locals=[_I32, _I64],
    )


def _on_data() -> bytes:
    """Parameters: 0 context, 1 size, 2 end of stream. Locals: 3 place in the table, 4 a free one, 5 who is there."""
    place, free, who = 3, 4, 5
    look = (
        _get(place)
        + b"\x28\x02\x00"
        + b"\x22"
        + _number(who)
        + _get(0)
        + _EQ
        + _IF
        + _int(_PAUSE)
        + _RETURN
        + _END_BLOCK
    )
    look += _get(who) + _EQZ + _IF + _get(place) + _set(free) + _END_BLOCK
    # A linear congruential generator (Knuth's MMIX): no more is needed to draw a share.
    draw = _var(_SEED) + _long(6364136223846793005) + _MUL64 + _long(1442695040888963407) + _ADD64 + _put(_SEED)
    chosen = _var(_SEED) + _long(33) + _SHR64 + _long(10_000) + _REM64 + _var(_SHARE)
    return _body(
        3,
        _get(1) + _EQZ + _IF + _int(_CONTINUE) + _RETURN + _END_BLOCK,
        _each_slot(place, look),
        _var(_DELAY) + _EQZ64 + _get(free) + _EQZ + b"\x72" + _IF + _int(_CONTINUE) + _RETURN + _END_BLOCK,
        draw,
        chosen + _GE_U64 + _IF + _int(_CONTINUE) + _RETURN + _END_BLOCK,
        _get(free) + _get(0) + b"\x36\x02\x00",
        _get(free) + _now() + _var(_DELAY) + _ADD64 + b"\x37\x03\x08",
        _int(_PAUSE),
        locals=[_I32, _I32, _I32],
    )


def _on_tick() -> bytes:
    """Parameter: 0 the root context. Locals: 1 place in the table, 2 who is there, 3 how many wait on, 4 (64 bits) the time."""
    place, who, waiting, time = 1, 2, 3, 4
    is_due = _get(place) + b"\x29\x03\x08" + _get(time) + _LE_U64
    release = _get(place) + _int(0) + b"\x36\x02\x00" + _get(who) + _call(_CONTEXT) + _DROP
    release += _int(_DOWNSTREAM) + _call(_GO_ON) + _DROP
    stay = _get(waiting) + _int(1) + _ADD + _set(waiting)
    look = _get(place) + b"\x28\x02\x00" + b"\x22" + _number(who)
    look += _IF + is_due + _IF + release + _ELSE + stay + _END_BLOCK + _END_BLOCK
    stop = _get(0) + _call(_CONTEXT) + _DROP + _int(0) + _call(_TICK) + _DROP
    return _body(
        1,
        _now() + _set(time),
        _each_slot(place, look),
        _var(_DELAY) + _EQZ64 + _get(waiting) + _EQZ + _AND + _IF + stop + _END_BLOCK,
        locals=[_I32, _I32, _I32, _I64],
    )


def _on_delete() -> bytes:
    """Parameter: 0 context. Local: 1 place in the table."""
    look = _get(1) + b"\x28\x02\x00" + _get(0) + _EQ + _IF + _get(1) + _int(0) + b"\x36\x02\x00" + _END_BLOCK
    return _body(1, _each_slot(1, look), locals=[_I32])


def _each_slot(place: int, code: bytes) -> bytes:
    """`code` for each entry of the table."""
    following = _get(place) + _int(16) + _ADD + b"\x22" + _number(place) + _int(_END) + _LT_U + b"\x0d\x00"
    return _int(_TABLE) + _set(place) + _LOOP + code + following + _END_BLOCK


def _now() -> bytes:
    return _int(_CLOCK) + _call(_TIME) + _DROP + _int(_CLOCK) + b"\x29\x03\x00"


def _body(parameters: int, *code: bytes, locals: Sequence[bytes] = ()) -> bytes:
    return _vector([_number(1) + kind for kind in locals]) + b"".join(code) + _END_BLOCK


def _get(index: int) -> bytes:
    return b"\x20" + _number(index)


def _set(index: int) -> bytes:
    return b"\x21" + _number(index)


def _var(index: int) -> bytes:
    return b"\x23" + _number(index)


def _put(index: int) -> bytes:
    return b"\x24" + _number(index)


def _call(index: int) -> bytes:
    return _CALL + _number(index)


def _int(value: int) -> bytes:
    return b"\x41" + _signed(value)


def _long(value: int) -> bytes:
    return b"\x42" + _signed(value)


def _vector(items: Sequence[bytes]) -> bytes:
    return _number(len(items)) + b"".join(items)


def _name(text: str) -> bytes:
    return _number(len(text)) + text.encode()


def _number(value: int) -> bytes:
    """Unsigned LEB128."""
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        found.append(low | (0x80 if value else 0))
        if not value:
            return bytes(found)


def _signed(value: int) -> bytes:
    """Signed LEB128."""
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        if (value == 0 and not low & 0x40) or (value == -1 and low & 0x40):
            found.append(low)
            return bytes(found)
        found.append(low | 0x80)
