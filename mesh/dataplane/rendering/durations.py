"""Durations in Protobuf's JSON form."""


def duration(milliseconds: int) -> str:
    """1500 is "1.500s"."""
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}s"
