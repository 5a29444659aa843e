"""A scheduler, two worker processes and a client of Dask; JSON lines as in bench/support/serve.ts."""

import json
import signal
import sys
import time

from distributed import Client, LocalCluster


def noop(value):
    return value


def throughput(client, tasks):
    start = time.perf_counter()
    futures = client.map(noop, range(tasks), pure=False)
    results = client.gather(futures)
    seconds = time.perf_counter() - start
    assert results == list(range(tasks))
    return {"perSecond": tasks / seconds}


def latency(client, samples):
    ms = []
    for _ in range(samples):
        start = time.perf_counter()
        client.submit(noop, 4, pure=False).result()
        ms.append(1000 * (time.perf_counter() - start))
    return {"ms": ms}


def say(**line):
    print(json.dumps(line), flush=True)


def main():
    # Ends in order, so that the workers go too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
    ) as cluster, Client(cluster) as client:
        say(event="ready")
        for line in sys.stdin:
            command = json.loads(line)
            try:
                if command["do"] == "throughput":
                    say(event="done", **throughput(client, command["tasks"]))
                else:
                    say(event="done", **latency(client, command["samples"]))
            except Exception as error:  # told to the other side, whatever it is
                say(event="failed", message=repr(error))


if __name__ == "__main__":
    main()
