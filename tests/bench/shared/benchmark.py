# SPDX-License-Identifier: Apache-2.0
"""How a benchmark ends: with its verdicts, by an error that is told, or by a signal."""

import signal
import sys

from processes import StartFailed


def exit_code(name, run, report):
    """Calls `run()`, and says what the program is to exit with."""
    # An end by signal runs the same clean-up as an error.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run()
    except KeyboardInterrupt:
        return 130
    except (StartFailed, RuntimeError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return report.finish()
