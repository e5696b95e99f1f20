#!/usr/bin/env python3
"""Write the mass traces that OpenMS's MassTraceDetection finds, for a test of the seeded trace builder.

    python3 scripts/make_trace_fixture.py workloads/traces/MassTraceExtractor_1_input.mzML \
        Tests/PipelineTests/Fixtures/openms_mass_traces.tsv

Needs pyopenms; the defaults of its MassTraceDetection. One row per trace, in its order: number of points, first and
last retention time (s), centroid m/z.
"""

import sys

import pyopenms


def main():
    source, target = sys.argv[1:]
    experiment = pyopenms.MSExperiment()
    pyopenms.MzMLFile().load(source, experiment)
    detection = pyopenms.MassTraceDetection()
    detection.setParameters(detection.getDefaults())
    traces = detection.run(experiment, 0)
    with open(target, "w", encoding="utf-8", newline="\n") as out:
        out.write(f"# OpenMS {pyopenms.__version__}, MassTraceDetection, defaults\n")
        out.write("points\trt_start_seconds\trt_end_seconds\tmz\n")
        for trace in traces:
            times = [float(point[0]) for point in trace.getConvexhull().getHullPoints()]
            out.write(f"{trace.getSize()}\t{min(times):.2f}\t{max(times):.2f}\t{trace.getCentroidMZ():.6f}\n")
    print(f"{target}: {len(traces)} traces")


if __name__ == "__main__":
    main()
