"""`make run`: start the whole platform, keep it running, and stop it on Ctrl-C with no process left behind."""

import resource
import signal
import sys
import time
from functools import partial
from types import FrameType

from opinion_market.platform.account import die_with_parent
from opinion_market.platform.errors import PlatformError
from opinion_market.platform.make import MakeWatch
from opinion_market.platform.report import Report
from opinion_market.platform.startup import Startup
from opinion_market.platform.supervisor import Supervisor
from opinion_market.settings.env import SettingsError, read_launch

# Each WebSocket is an open file of the hub and two of Envoy, and shells often allow a thousand.
OPEN_FILES = 65_536

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Raised by the signals that end the platform, wherever it is at that moment."""


def main() -> int:
    """Run until asked to stop; return the exit status."""
    for number in STOP_SIGNALS:
        signal.signal(number, _request_stop)
    die_with_parent(signal.SIGTERM)
    _allow_open_files()
    report = Report()
    supervisor = Supervisor(report, before_each_look=partial(_stop_with, MakeWatch()))
    try:
        startup = Startup(read_launch(), supervisor, report)
    except SettingsError as error:
        report.trouble(str(error))
        return 1
    trouble: Exception | None = None
    try:
        startup.run()
        while True:
            supervisor.watch()
            time.sleep(0.1)
    except StopRequested:
        pass
    except (PlatformError, SettingsError) as error:
        trouble = error
    finally:
        # A second Ctrl-C must not interrupt the stopping half-way.
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if supervisor.keeps_any:
            report.step("Stopping")
            supervisor.stop()
            report.step("Stopped; the data stays in place")
        startup.close()
    if trouble is not None:
        report.trouble(str(trouble))
    return 1 if trouble else 0


def _allow_open_files() -> None:
    """As many as the platform may need, or as the system allows, for all processes that are started from here."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _stop_with(make: MakeWatch) -> None:
    if make.interrupted():
        raise StopRequested


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopRequested


if __name__ == "__main__":
    sys.exit(main())
