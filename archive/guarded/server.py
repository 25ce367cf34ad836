"""The fork server: `python -m archive.guarded.server SECONDS MEMORY`, started by `archive.guarded.child`.

It imports what reading pages takes, which needs a second, and forks a worker whenever it is asked to, which needs a
hundredth. It never sees a page. Standard input is a socket: on it come requests, a byte with the descriptors for
`archive.guarded.worker.work`, and back goes the exit status of each worker when it has ended. It ends with the socket.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys

import archive.readings  # noqa: F401  what messages name
from archive.guarded.wire import STATUS
from archive.guarded.worker import work


def main() -> None:
    """Fork one worker after the other."""
    seconds, memory = map(int, sys.argv[1:])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # who stops a run stops its parent, which still has pages to be read
    os.set_blocking(2, False)  # nobody reads it while all goes well
    gc.freeze()  # memory that workers share stays shared
    control = socket.socket(fileno=0)
    while True:
        asked, pipes, _, _ = socket.recv_fds(control, 1, 3)
        if not asked:
            return
        worker = os.fork()
        if not worker:
            control.close()
            work(*pipes, seconds=seconds, memory=memory << 20)
            os._exit(0)
        for pipe in pipes:
            os.close(pipe)
        _, status = os.waitpid(worker, 0)
        try:
            control.send(STATUS.pack(os.waitstatus_to_exitcode(status)))
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
