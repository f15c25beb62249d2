"""Spans of time as IOS writes them."""

from __future__ import annotations


def stamp(seconds: float) -> str:
    """``00:00:14`` up to a day, then ``1d02h``, then ``3w2d``."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    if hours < 24:
        return f"{hours:02}:{minute:02}:{second:02}"
    days, hour = divmod(hours, 24)
    return f"{days}d{hour:02}h" if days < 7 else f"{days // 7}w{days % 7}d"


def ago(seconds: float | None) -> str:
    """As :func:`stamp`, and ``never`` for what has not happened."""
    return "never" if seconds is None else stamp(seconds)
