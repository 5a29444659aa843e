"""A worker or a client of Celery; JSON lines as in bench/support/serve.ts.

python3 celery-peer.py worker|client '{"port": PORT OF REDIS, "prefetch": TASKS PER PROCESS}'
"""

import json
import os
import signal
import sys
import threading
import time

from celery import Celery
from celery.signals import worker_ready

PROCESSES = 2

role, configuration = sys.argv[1], json.loads(sys.argv[2])
redis = f"redis://127.0.0.1:{configuration['port']}/0"
app = Celery("bench", broker=redis, backend=redis)
app.conf.worker_prefetch_multiplier = configuration["prefetch"]


@app.task(name="bench.noop")
def noop(value):
    return value


def say(**line):
    print(json.dumps(line), file=sys.__stdout__, flush=True)


def throughput(tasks):
    start = time.perf_counter()
    results = [noop.delay(value) for value in range(tasks)]
    # One after another, which is faster than a group's own get().
    values = [result.get() for result in results]
    seconds = time.perf_counter() - start
    assert values == list(range(tasks))
    return {"perSecond": tasks / seconds}


def latency(samples):
    ms = []
    for _ in range(samples):
        start = time.perf_counter()
        noop.delay(4).get()
        ms.append(1000 * (time.perf_counter() - start))
    return {"ms": ms}


def serve():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    say(event="ready")
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command["do"] == "throughput":
                say(event="done", **throughput(command["tasks"]))
            else:
                say(event="done", **latency(command["samples"]))
        except Exception as error:  # told to the other side, whatever it is
            say(event="failed", message=repr(error))


def end_with_stdin():
    # By its descriptor: Celery replaces sys.stdin, and a process that is forked must not inherit its lock.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def work():
    worker_ready.connect(lambda **_: say(event="ready"), weak=False)
    threading.Thread(target=end_with_stdin, daemon=True).start()
    pool = ["--pool", "prefork", "--concurrency", str(PROCESSES)]
    # Nothing here looks at events or at other workers.
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(["worker", *pool, *alone, "--loglevel", "ERROR"])


work() if role == "worker" else serve()
