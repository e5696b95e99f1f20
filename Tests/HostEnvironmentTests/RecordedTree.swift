import Foundation
import HostEnvironment

/// A folder of `/proc` and `/sys` files, removed with the value's owner.
final class RecordedTree {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("recorded-host-\(UUID())")

    init(_ files: [String: String]) throws {
        for (path, text) in files {
            let file = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    func reader(_ environment: [String: String] = [:]) -> HostReader {
        let none = Measured<Int>.unavailable(reason: "not recorded")
        return HostReader(
            root: root.path, environment: environment, architecture: .available("x86_64"),
            cacheFallback: CacheSizes(l1Data: none, l2: none, l3: .available(7)))
    }
}

/// A virtual machine with cgroup v1 controllers and no limits, as recorded (shortened).
let virtualMachine: [String: String] = [
    "/proc/cpuinfo": """
    processor\t: 0
    vendor_id\t: AuthenticAMD
    model name\t: AMD EPYC
    physical id\t: 0
    core id\t\t: 0
    flags\t\t: fpu vme sse2 hypervisor avx2

    processor\t: 1
    model name\t: AMD EPYC
    physical id\t: 0
    core id\t\t: 1
    flags\t\t: fpu vme sse2 hypervisor avx2

    """,
    "/proc/meminfo": "MemTotal:       24684084 kB\nMemFree:        23205468 kB\n",
    "/proc/self/cgroup": "9:name=systemd:/\n4:memory:/process_api/48fe\n3:cpuset:/\n1:cpu:/\n0::/\n",
    "/proc/self/mountinfo": """
    31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
    32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
    35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
    41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw

    """,
    "/proc/self/status": "Name:\tcat\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n",
    "/proc/sys/kernel/osrelease": "6.18.44-fc-v669\n",
    "/proc/loadavg": "0.26 0.29 0.15 1/92 9485\n",
    "/proc/stat": "cpu  11681 0 4237 137100 1015 0 112 1450 0 0\ncpu0 3133 0 1732 71762 403 0 8 7 0 0\n",
    "/proc/pressure/cpu": """
    some avg10=1.01 avg60=0.79 avg300=0.84 total=8816901
    full avg10=0.00 avg60=0.00 avg300=0.00 total=0

    """,
    "/proc/pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n",
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/process_api/48fe/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/devices/system/cpu/online": "0-1\n",
    "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list": "0\n",
    "/sys/devices/system/cpu/cpu1/topology/thread_siblings_list": "1\n",
    "/sys/devices/system/cpu/cpu0/cache/index0/level": "1\n",
    "/sys/devices/system/cpu/cpu0/cache/index0/type": "Data\n",
    "/sys/devices/system/cpu/cpu0/cache/index0/size": "32K\n",
    "/sys/devices/system/cpu/cpu0/cache/index1/level": "1\n",
    "/sys/devices/system/cpu/cpu0/cache/index1/type": "Instruction\n",
    "/sys/devices/system/cpu/cpu0/cache/index1/size": "64K\n",
    "/sys/devices/system/cpu/cpu0/cache/index2/level": "2\n",
    "/sys/devices/system/cpu/cpu0/cache/index2/type": "Unified\n",
    "/sys/devices/system/cpu/cpu0/cache/index2/size": "1024K\n",
]

/// A node with 8 cores, 16 threads, a GPU and cgroup v2 limits on an ancestor, written from the kernel's formats.
let clusterNode: [String: String] = {
    var files: [String: String] = [
        "/proc/meminfo": "MemTotal:       131072000 kB\n",
        "/proc/self/cgroup": "0::/system.slice/job 7/task\n",
        "/proc/self/mountinfo": "41 31 0:38 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
        "/proc/self/status": "Cpus_allowed_list:\t0-5,8-13\n",
        "/sys/fs/cgroup/system.slice/job 7/task/cpu.max": "max 100000\n",
        "/sys/fs/cgroup/system.slice/job 7/cpu.max": "1050000 100000\n",
        "/sys/fs/cgroup/system.slice/job 7/task/memory.max": "max\n",
        "/sys/fs/cgroup/system.slice/job 7/memory.max": "68719476736\n",
        "/sys/fs/cgroup/system.slice/memory.high": "51539607552\n",
        "/sys/devices/system/cpu/online": "0-15\n",
        "/proc/driver/nvidia/gpus/0000:17:00.0/information": "Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 5\n",
        "/proc/driver/nvidia/gpus/0000:65:00.0/information": "Model: \t\t NVIDIA H100 80GB HBM3\n",
    ]
    var cpuinfo = ""
    for cpu in 0..<16 {
        cpuinfo +=
            "processor\t: \(cpu)\nmodel name\t: Intel(R)  Xeon(R) Gold 6254\nphysical id\t: 0\ncore id\t: \(cpu % 8)\n"
        cpuinfo += "flags\t: fpu avx512f\n\n"
        files["/sys/devices/system/cpu/cpu\(cpu)/topology/core_cpus_list"] = "\(cpu % 8),\(cpu % 8 + 8)\n"
    }
    files["/proc/cpuinfo"] = cpuinfo
    return files
}()
