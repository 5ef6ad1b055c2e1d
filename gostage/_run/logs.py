"""Logs: records of a child's loggers as messages, and such a message as a record again."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    # What a message holds: level, logger and message.
    Payload = dict[str, str]

LEVELS: Final = {
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
}
_NAMES: Final = {number: name for name, number in LEVELS.items()}
_FORMAT: Final = logging.Formatter()


def payload_of(record: logging.LogRecord) -> Payload:
    """A record as data, its traceback in the text; other levels than Python's are numbers."""
    level = _NAMES.get(record.levelno, str(record.levelno))
    return {"level": level, "logger": record.name, "message": _FORMAT.format(record)}


def take(payload: Any) -> bool:  # noqa: ANN401 - of any shape: a child may send what it likes
    """Log what was logged elsewhere; false if that is not what the data is."""
    if not isinstance(payload, dict) or payload.keys() != {"level", "logger", "message"}:
        return False
    level, name, text = payload["level"], payload["logger"], payload["message"]
    number = _number(level)
    if number is None or not isinstance(name, str) or not isinstance(text, str):
        return False
    logger = _nearest(name)
    if logger.isEnabledFor(number):
        logger.handle(logging.LogRecord(name, number, "", 0, text, None, None))
    return True


def _number(level: object) -> int | None:
    if not isinstance(level, str):
        return None
    if level in LEVELS:
        return LEVELS[level]
    is_number = level.isascii() and level.isdecimal() and len(level) <= 4
    return int(level) if is_number else None


def _nearest(name: str) -> logging.Logger:
    """The logger of that name, or what is above it: loggers stay for ever, so none is made."""
    known = logging.Logger.manager.loggerDict
    while name:
        found = known.get(name)
        if isinstance(found, logging.Logger):
            return found
        name = name.rpartition(".")[0]
    return logging.getLogger()


def levels() -> dict[str, int]:
    """From which level on loggers are heard that were told so; that of the root stands under ""."""
    known = logging.Logger.manager.loggerDict.items()
    told = {name: each.level for name, each in known if isinstance(each, logging.Logger)}
    return {"": logging.getLogger().level, **{name: level for name, level in told.items() if level}}


def set_levels(told: Mapping[str, int]) -> None:
    """Have loggers heard as they are in another process."""
    for name, level in told.items():
        logging.getLogger(name or None).setLevel(level)


def forward(send: Callable[[Payload], object]) -> None:
    """Give everything that is logged in this process to a function, and to nobody else.

    What has handlers here has them where it goes to as well.
    """
    handler, root = Forwarding(send), logging.getLogger()
    known = logging.Logger.manager.loggerDict.values()
    for each in [root, *(logger for logger in known if isinstance(logger, logging.Logger))]:
        if each.handlers or each is root:
            each.handlers[:] = [] if each.propagate and each is not root else [handler]


class Forwarding(logging.Handler):
    """Gives every record to a function, as data; for the loggers of a child."""

    def __init__(self, send: Callable[[Payload], object], level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._send = send
        self._here = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record; what is logged on the way is not sent, as there would be no end to it."""
        if getattr(self._here, "is_busy", False):
            return
        self._here.is_busy = True
        try:
            self._send(payload_of(record))
        except Exception:  # noqa: BLE001 - as every handler of logging does
            self.handleError(record)
        finally:
            self._here.is_busy = False
