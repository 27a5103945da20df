"""Reading figures out of what tools print. Each raises BadSample for output that is not what it knows."""
import json
import re

from .errors import BadSample


def pick(pattern, output, what):
    found = re.search(pattern, output, re.M)
    if not found:
        raise BadSample(f"no {what} in the output", output)
    return float(found.group(1))


def syscalls(output):
    """`name nanoseconds` lines of our syscalls.c."""
    figures = {}
    for line in output.splitlines():
        found = re.fullmatch(r"([a-z][a-z0-9_]*)\s+([0-9]+)", line.strip())
        if not found:
            raise BadSample("a line that is no `name nanoseconds`", output)
        figures[found.group(1)] = float(found.group(2))
    if not figures:
        raise BadSample("no figures in the output", output)
    return figures


def sysbench_cpu(output):
    """Events per second."""
    return pick(r"^\s*events per second:\s*([0-9.]+)", output, "`events per second`")


def sysbench_memory(output):
    """Bytes per second, from `102400.00 MiB transferred (5122.33 MiB/sec)`."""
    return pick(r"MiB transferred \(([0-9.]+) MiB/sec\)", output, "`MiB transferred`") * 1048576


def redis_benchmark(output):
    """Requests per second of each test, from `redis-benchmark --csv`."""
    figures = {}
    for line in output.splitlines():
        found = re.match(r'"([^"]+)","([0-9.]+)"', line)
        # LPUSH runs a second time, to fill the lists that LRANGE reads.
        if found and found.group(1) != "test" and "needed to" not in found.group(1):
            figures[found.group(1).split(" (")[0]] = float(found.group(2))
    if not figures:
        raise BadSample("no tests in redis-benchmark's output", output)
    return figures


def apache_bench(output):
    """Requests and bytes per second and the mean latency in seconds, from `ab`. Failed requests fail the sample."""
    failed = pick(r"^Failed requests:\s*([0-9]+)", output, "`Failed requests`")
    # Answers of other lengths count as failed, which a page with a changing text has.
    lengths = re.search(r"Length: ([0-9]+)", output)
    if failed - (float(lengths.group(1)) if lengths else 0) > 0 or re.search(r"^Non-2xx responses:", output, re.M):
        raise BadSample(f"requests failed ({failed:.0f})", output)
    return {
        "requests_per_second": pick(r"^Requests per second:\s*([0-9.]+)", output, "`Requests per second`"),
        "transfer_rate": pick(r"^Transfer rate:\s*([0-9.]+) \[Kbytes/sec\]", output, "`Transfer rate`") * 1024,
        "latency": pick(r"^Time per request:\s*([0-9.]+) \[ms\] \(mean\)", output, "`Time per request`") / 1000,
    }


def braces(output, what):
    """The JSON object in an output that may have other lines around it."""
    start, end = output.find("{"), output.rfind("}")
    try:
        return json.loads(output[start:end + 1])
    except ValueError:
        raise BadSample(f"{what} printed no JSON", output) from None


def iperf3(output):
    """Bits per second that arrived, from `iperf3 --json`."""
    data = braces(output, "iperf3")
    if data.get("error"):
        raise BadSample(f"iperf3: {data['error']}", output)
    try:
        return float(data["end"]["sum_received"]["bits_per_second"])
    except (KeyError, TypeError):
        raise BadSample("iperf3's report has no sum_received", output) from None


def fio(output):
    """Bytes and operations per second of the first job, from `fio --output-format=json`."""
    data = braces(output, "fio")
    try:
        job = data["jobs"][0]
        if job["error"]:
            raise BadSample(f"fio ended with error {job['error']}", output)
        side = job["read"] if job["read"]["io_bytes"] else job["write"]
        if not side["io_bytes"]:
            raise BadSample("fio moved no bytes", output)
        # bw is in KiB/s and 0 for jobs shorter than a millisecond; bw_bytes has no such grain.
        return {"bandwidth": float(side["bw_bytes"]), "io_ops": float(side["iops"])}
    except (KeyError, IndexError, TypeError):
        raise BadSample("fio's report has no jobs", output) from None


def ffmpeg(output):
    """Seconds of wall-clock time, from `ffmpeg -benchmark`."""
    return pick(r"bench: utime=\S+ stime=\S+ rtime=([0-9.]+)s", output, "`rtime`")


def marked(output, mark):
    """The JSON after a word of ours at the start of a line: what our own workloads print."""
    for line in output.splitlines():
        if line.startswith(mark + " "):
            try:
                return json.loads(line[len(mark) + 1:])
            except ValueError:
                break
    raise BadSample(f"no `{mark}` line in the output", output)


def figures(output, mark="figure"):
    """`figure NAME NUMBER` lines of our own workloads."""
    found = dict(re.findall(rf"^{mark} ([a-z0-9_.]+) ([0-9.eE+-]+)$", output, re.M))
    if not found:
        raise BadSample(f"no `{mark}` lines in the output", output)
    return {name: float(value) for name, value in found.items()}
