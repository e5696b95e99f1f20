#!/usr/bin/env python3
"""What each execution setting changes: time and memory relative to the default, from runs in turn.

    python3 scripts/setting_effects.py [--engine .build/release/lavoisier] [--only SITUATION] [--setting TEXT] [--rounds N] [--json FILE]

Without --only all situations, but for those that need many cores ("wide") or a control group that slows the disk down ("slow",
"distant": root, and the blkio or io controller).

Every round runs each variant of a situation once, in random order, right before or after a run of the default of its own: what the
machine does within a second or two it does to both. A ratio is that of a variant to its default; the table has the median and its
95 % interval (order statistics of the sign test: it holds for any distribution). All runs of a situation must give the same digest, but for numeric settings. The tables in docs/settings.md are made
with this.
"""
import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from math import comb

STORAGE = "storage.read_optimization."
POOLS = "memory.pool_management."
KERNELS = "peak_detection."


def settings(*texts):
    """Variants of one setting each; a text with several settings has spaces between them."""
    return [text.split() for text in texts]


READING = settings(
    f"{STORAGE}prefetch_strategy=sequential", f"{STORAGE}prefetch_strategy=aggressive",
    f"{STORAGE}prefetch_strategy=predictive",
    f"{STORAGE}prefetch_strategy=aggressive {STORAGE}prefetch_size=256MiB",
    f"{STORAGE}prefetch_strategy=aggressive execution.io_workers=1",
    f"{STORAGE}prefetch_strategy=aggressive execution.io_workers=4",
    "execution.readahead=sequential", "execution.readahead=normal", "execution.buffer_size=16MiB",
    "execution.file_access=buffered", f"execution.file_access=buffered {STORAGE}prefetch_strategy=sequential",
)

# Name, files (workload), rounds, settings of all arms, whether the page cache is emptied before each run, variants.
SITUATIONS = [
    ("medium", "two short DDA runs, 8 MB", "medium", 30, [], False, settings(
        "execution.workers=1", "execution.workers=3",
        "execution.chunk_size=4", "execution.chunk_size=16", "execution.chunk_size=128", "execution.chunk_size=auto",
        "execution.buffer_size=64KiB", "execution.buffer_size=16MiB",
        "execution.reference_pages=release", "matching.batch_processing=false",
        "parallel.task_granularity=coarse", "parallel.task_granularity=fine",
        "parallel.distribution_strategy=static", "parallel.distribution_strategy=work_stealing",
        "parallel.distribution_strategy=static parallel.load_balancing=predictive",
        "parallel.load_balancing=adaptive", "parallel.thread_affinity=true",
        "execution.file_access=buffered", "execution.cutting=scan", "execution.cutting=careful",
        "execution.readahead=normal", "execution.readahead=sequential", "execution.reader=reference",
        "execution.concurrent_files=2",
        f"execution.concurrent_files=2 {STORAGE}coordination_strategy=pipeline",
        "storage.write_optimization.sync_strategy=none", "storage.write_optimization.sync_strategy=immediate",
        "storage.write_optimization.write_buffer_size=16KiB", "storage.write_optimization.write_buffer_size=4MiB",
        "storage.cache_optimization.metadata_cache=0", "storage.cache_optimization.directory_cache=0",
        f"{POOLS}enable_pools=false", f"{POOLS}feature_cache=0", f"{POOLS}allocation_strategy=aggressive",
        f"{POOLS}allocation_strategy=conservative",
        "numeric.precision=float32", "numeric.precision=mixed", "matching.cache_size=64MiB",
    )),
    ("small", "one HILIC run without MS/MS, 17 MB", "small", 30, [], False, settings(
        f"{KERNELS}parallel_scales=true", f"{KERNELS}memory_efficient=true", f"{KERNELS}loop_unrolling=false",
        f"{KERNELS}branch_prediction=false", f"{KERNELS}vectorized_operations=false",
        "numeric.wavelet_transform=fft", "numeric.precision=float32", "numeric.precision=mixed",
        f"numeric.precision=float32 {KERNELS}parallel_scales=true", "parallel.thread_affinity=true",
    )),
    ("fourier", "one HILIC run without MS/MS, 17 MB, by Fourier transforms", "small", 30,
     ["numeric.wavelet_transform=fft"], False, settings(
        f"{KERNELS}fft_backend=fftw_wisdom", f"{KERNELS}fft_backend=direct",
    )),
    ("large", "one long DDA run, 250 MB, results of 92 MB", "large", 6, [], False, settings(
        "execution.workers=1", "execution.chunk_size=8", "execution.chunk_size=256", "execution.chunk_size=auto",
        "execution.buffer_size=64KiB", "execution.buffer_size=16MiB", "execution.reference_pages=release",
        f"{POOLS}feature_cache=0", f"{POOLS}feature_cache=16MiB",
        "execution.file_access=buffered", "execution.cutting=scan", "matching.batch_processing=false",
        "parallel.task_granularity=coarse", "parallel.task_granularity=fine",
        "parallel.distribution_strategy=static", "parallel.distribution_strategy=work_stealing",
        "parallel.distribution_strategy=static parallel.load_balancing=predictive",
        "parallel.load_balancing=adaptive", "parallel.thread_affinity=true",
        "storage.write_optimization.sync_strategy=none", "storage.write_optimization.sync_strategy=immediate",
        "storage.write_optimization.write_buffer_size=16KiB", "storage.write_optimization.write_buffer_size=4MiB",
    )),
    ("many", "20 DDA runs of 12.5 MB", "many", 8, [], False, settings(
        "execution.concurrent_files=2",
        f"execution.concurrent_files=2 {STORAGE}coordination_strategy=pipeline",
        "execution.workers=1", "matching.cache_size=64MiB",
    )),
    ("wide", "one long DDA run, 250 MB, on many cores", "large", 6, [], False, settings(
        "parallel.distribution_strategy=static", "parallel.distribution_strategy=work_stealing",
        "parallel.distribution_strategy=static parallel.load_balancing=predictive",
        "parallel.distribution_strategy=work_stealing parallel.load_balancing=adaptive",
        "parallel.load_balancing=adaptive", "parallel.task_granularity=coarse", "parallel.task_granularity=fine",
        "parallel.thread_affinity=true", "execution.chunk_size=8", "execution.chunk_size=128",
    )),
    ("wide-many", "20 DDA runs of 12.5 MB, on many cores", "many", 6, [], False, settings(
        "execution.concurrent_files=2", "execution.concurrent_files=4", "execution.concurrent_files=8",
        f"execution.concurrent_files=4 {STORAGE}coordination_strategy=pipeline",
    )),
    ("cold", "one long DDA run without compression, 250 MB, read from the disk", "large-raw", 8, [], True, settings(
        f"{STORAGE}prefetch_strategy=sequential", f"{STORAGE}prefetch_strategy=aggressive",
        f"{STORAGE}prefetch_strategy=predictive",
        f"{STORAGE}prefetch_strategy=aggressive {STORAGE}prefetch_size=256MiB",
        f"{STORAGE}prefetch_strategy=aggressive execution.io_workers=4",
        "execution.readahead=sequential", "execution.readahead=normal",
        "execution.file_access=buffered", f"execution.file_access=buffered {STORAGE}prefetch_strategy=sequential",
    )),
    ("slow", "one long DDA run without compression, 250 MB, read from a disk of 150 MB/s", "large-raw", 6, [], True, READING),
    ("distant", "one long DDA run without compression, 250 MB, read from a disk of 500 requests per second", "large-raw", 6, [],
     True, READING),
    ("tight", "one long DDA run, 250 MB, in 140 MB of memory", "large", 7, ["execution.memory_limit=140MB"], False, settings(
        "execution.memory_limit=4GB", f"{POOLS}enable_pools=false",
        f"{POOLS}allocation_strategy=aggressive", f"{POOLS}allocation_strategy=conservative",
        f"{POOLS}initial_pool_size=8MiB", f"{POOLS}max_pool_size=16MiB", f"{POOLS}growth_factor=4",
        f"{POOLS}spectrum_buffer=2MiB", f"{POOLS}feature_cache=8MiB", f"{POOLS}feature_cache=48MiB",
        f"{POOLS}result_buffer=512KiB",
        "memory.garbage_collection.strategy=conservative", "memory.garbage_collection.strategy=aggressive",
        "memory.garbage_collection.threshold=0.5", "memory.garbage_collection.frequency=1",
        "memory.caching.enable_smart_cache=false", "memory.caching.cache_size=16MiB",
        "memory.caching.prefetch_strategy=none",
        "storage.write_optimization.compression_level=none", "storage.write_optimization.compression_level=lz4",
        "storage.write_optimization.compression_level=zstd-9",
    )),
]


def interval(values):
    """Median and its 95 % interval; the whole range where so few values reach no level."""
    values = sorted(values)
    n = len(values)
    median = (values[(n - 1) // 2] + values[n // 2]) / 2
    rank, tail = 0, 0.0
    while rank < n // 2:
        tail += comb(n, rank) / 2**n
        if tail > 0.025:
            break
        rank += 1
    return median, values[max(rank - 1, 0)], values[min(n - rank, n - 1)]


def drop_from_page_cache(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fdatasync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


# What a control group's members may read from a disk in a second: names with version 1 and 2 of control groups.
SLOW_DISKS = {"slow": ("read_bps_device", "rbps", 150_000_000), "distant": ("read_iops_device", "riops", 500)}


@contextmanager
def slow_disk(situation, path):
    """The process file of a control group whose members meet a slow disk below this file."""
    number = os.stat(path).st_dev
    device = f"{os.major(number)}:{os.minor(number)}"
    if os.path.exists(f"/sys/dev/block/{device}/partition"):
        with open(os.path.realpath(f"/sys/dev/block/{device}") + "/../dev") as file:
            device = file.read().strip()
    first, second, limit = SLOW_DISKS[situation]
    group, name, rule = "/sys/fs/cgroup/lavoisier-slow", "io.max", f"{device} {second}={limit}"
    if os.path.isdir("/sys/fs/cgroup/blkio"):
        group, name, rule = "/sys/fs/cgroup/blkio/lavoisier-slow", f"blkio.throttle.{first}", f"{device} {limit}"
    os.makedirs(group, exist_ok=True)
    try:
        with open(f"{group}/{name}", "w") as file:
            file.write(rule)
        yield f"{group}/cgroup.procs"
    finally:
        os.rmdir(group)


def run(engine, files, assignments, is_cold, folder, group=None):
    if is_cold:
        for file in files:
            drop_from_page_cache(file)
    command = [engine, "analyze", *files, "--output", folder, "--quiet", "--profile", "none"]
    for assignment in assignments:
        command += ["--set", assignment]
    usage, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    # The shell joins the group, and becomes the engine.
    if group:
        command = ["/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', group, *command]
    done = subprocess.run(command, capture_output=True, text=True)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stderr}")
    with open(f"{folder}/run.json") as file:
        record = json.load(file)
    return {
        "wall": wall, "cpu": after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime,
        "memory": record["peakMemoryBytes"], "digest": record["digest"],
    }


def workload_files(engine, name):
    lines = subprocess.run([engine, "workload", "prepare", name], check=True, capture_output=True, text=True).stdout
    return [line.split("\t")[-1] for line in lines.splitlines() if line]


def measure(engine, situation, folder):
    files = workload_files(engine, situation[2])
    if situation[0] not in SLOW_DISKS:
        return measure_files(engine, situation, files, folder)
    with slow_disk(situation[0], files[0]) as group:
        return measure_files(engine, situation, files, folder, group)


def measure_files(engine, situation, files, folder, group=None):
    name, title, workload, rounds, common, is_cold, variants = situation
    for arm in [[]] + variants:
        run(engine, files, common + arm, is_cold, folder, group)
    pairs = [[] for _ in variants]
    for number in range(rounds):
        for index in random.sample(range(len(variants)), len(variants)):
            both = {}
            for which in random.sample(("default", "variant"), 2):
                arm = variants[index] if which == "variant" else []
                both[which] = run(engine, files, common + arm, is_cold, folder, group)
            pairs[index].append((both["default"], both["variant"]))
        print(f"{name}: round {number + 1} of {rounds}", file=sys.stderr)
    defaults = [base for found in pairs for base, _ in found]
    rows = []
    for arm, found in zip(variants, pairs):
        is_numeric = any(text.startswith(("numeric.", f"{KERNELS}fft_backend")) for text in arm)
        if not is_numeric and any(one["digest"] != defaults[0]["digest"] for _, one in found):
            raise SystemExit(f"{' '.join(arm)} changes the digest")
        rows.append({
            "settings": arm,
            **{key: interval([one[key] / base[key] for base, one in found]) for key in ("wall", "cpu", "memory")},
        })
    base = {key: interval([one[key] for one in defaults])[0] for key in ("wall", "cpu", "memory")}
    return {"name": name, "title": title, "workload": workload, "rounds": rounds, "common": common,
            "cold": is_cold, "base": base, "rows": rows}


def cell(values):
    median, lower, upper = values
    text = f"{median:.2f} ({lower:.2f} to {upper:.2f})"
    return f"**{text}**" if lower > 1.02 or upper < 0.98 else text


def markdown(found):
    base = found["base"]
    lines = [
        f"### {found['name']}: {found['title']}",
        "",
        f"`{found['workload']}`, {found['rounds']} rounds"
        + (", page cache emptied before each run" if found["cold"] else "")
        + (f", all with `{' '.join(found['common'])}`" if found["common"] else "")
        + f". The default: {base['wall']:.3f} s, CPU {base['cpu']:.3f} s, {base['memory'] / 1e6:.0f} MB.",
        "",
        "| setting | wall time | CPU time | peak memory |",
        "|---|---|---|---|",
    ]
    for row in found["rows"]:
        names = " ".join(row["settings"])
        lines.append(f"| `{names}` | {cell(row['wall'])} | {cell(row['cpu'])} | {cell(row['memory'])} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", default=".build/release/lavoisier")
    parser.add_argument("--only", action="append", choices=[situation[0] for situation in SITUATIONS])
    parser.add_argument("--rounds", type=int, help="instead of what each situation has")
    parser.add_argument("--setting", help="only variants that contain this text")
    parser.add_argument("--json")
    options = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for situation in SITUATIONS:
            if situation[0] not in (options.only or [one[0] for one in SITUATIONS if one[0] not in ("wide", "wide-many", *SLOW_DISKS)]):
                continue
            name, title, workload, rounds, *rest = situation
            variants = [one for one in rest.pop() if (options.setting or "") in " ".join(one)]
            situation = (name, title, workload, options.rounds or rounds, *rest, variants)
            found.append(measure(options.engine, situation, folder))
            print(markdown(found[-1]), flush=True)
            if options.json:
                with open(options.json, "w") as file:
                    json.dump(found, file, indent=1)


main()
