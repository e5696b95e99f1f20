#!/usr/bin/env python3
"""One measured piece of work with another program; started by bench.py, one process per measurement.

    bench_peers.py versions
    bench_peers.py read-pyopenms FILE...
    bench_peers.py read-pymzml FILE...
    bench_peers.py features-pyopenms --ppm P --noise N --fwhm S --table features.tsv FILE...

The last line of standard output is JSON. `cpuSeconds` is time.process_time (user and system, all threads) around the
calls alone: imports, counting and the table are outside it. `featureSeconds` is the part after reading.
"""

import argparse
import importlib.metadata
import json
import os
import time


def stem(path):
    name = os.path.basename(path)
    return name[:-5] if name.lower().endswith(".mzml") else name


def counts_of(levels, survey_points):
    return {"spectra": sum(levels.values()), "survey": levels.get(1, 0), "fragments": levels.get(2, 0),
            "surveyPoints": survey_points}


def versions():
    found = {}
    for package in ["pyopenms", "pymzml"]:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def read_pyopenms(files):
    import pyopenms
    results, seconds = [], 0.0
    for path in files:
        experiment = pyopenms.MSExperiment()
        start = time.process_time()
        pyopenms.MzMLFile().load(path, experiment)
        seconds += time.process_time() - start
        levels, points = {}, 0
        for spectrum in experiment:
            level = spectrum.getMSLevel()
            levels[level] = levels.get(level, 0) + 1
            points += spectrum.size() if level == 1 else 0
        results.append(counts_of(levels, points))
    return {"cpuSeconds": seconds, "files": results}


def read_pymzml(files):
    import pymzml
    results, seconds = [], 0.0
    for path in files:
        levels, points = {}, 0
        # Spectra are decoded one by one as they are asked for, so the counting is inside; it is next to nothing.
        start = time.process_time()
        for spectrum in pymzml.run.Reader(path):
            level = spectrum.ms_level
            if level is None:
                continue
            size = len(spectrum.mz)
            if len(spectrum.i) != size:
                raise SystemExit(f"{path}: m/z and intensity differ in length")
            levels[level] = levels.get(level, 0) + 1
            points += size if level == 1 else 0
        seconds += time.process_time() - start
        results.append(counts_of(levels, points))
    return {"cpuSeconds": seconds, "files": results}


def with_parameters(algorithm, **values):
    parameters = algorithm.getDefaults()
    for name, value in values.items():
        parameters.setValue(name, value)
    algorithm.setParameters(parameters)
    return algorithm


def features_pyopenms(files, ppm, noise, fwhm, table):
    import pyopenms
    results, reading, finding, rows = [], 0.0, 0.0, []
    for path in files:
        experiment, found = pyopenms.MSExperiment(), pyopenms.FeatureMap()
        reader = pyopenms.MzMLFile()
        options = reader.getOptions()
        options.setMSLevels([1])
        reader.setOptions(options)
        start = time.process_time()
        reader.load(path, experiment)
        experiment.sortSpectra(True)
        loaded = time.process_time()
        detection = with_parameters(
            pyopenms.MassTraceDetection(), mass_error_ppm=ppm, noise_threshold_int=noise)
        traces = detection.run(experiment, 0)
        peaks = with_parameters(pyopenms.ElutionPeakDetection(), chrom_fwhm=fwhm).detectPeaks(traces)
        assembly = with_parameters(
            pyopenms.FeatureFindingMetabo(), isotope_filtering_model="none", chrom_fwhm=fwhm)
        assembly.run(peaks, found)
        finding += time.process_time() - loaded
        reading += loaded - start
        points = sum(spectrum.size() for spectrum in experiment)
        results.append({"survey": experiment.size(), "surveyPoints": points, "features": found.size()})
        for feature in found:
            box = feature.getConvexHull().getBoundingBox()
            rows.append((stem(path), feature.getMZ(), feature.getRT(), box.minPosition()[0], box.maxPosition()[0],
                         abs(feature.getCharge()), feature.getIntensity()))
    with open(table, "w", encoding="utf-8") as out:
        out.write("file\tmz\trt_seconds\trt_start_seconds\trt_end_seconds\tcharge\tarea\n")
        for name, mz, rt, first, last, charge, area in rows:
            out.write(f"{name}\t{mz:.6f}\t{rt:.3f}\t{first:.3f}\t{last:.3f}\t{charge}\t{area:.6g}\n")
    return {"cpuSeconds": reading + finding, "featureSeconds": finding, "files": results}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=["versions", "read-pyopenms", "read-pymzml", "features-pyopenms"])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--ppm", type=float)
    parser.add_argument("--noise", type=float)
    parser.add_argument("--fwhm", type=float)
    parser.add_argument("--table")
    options = parser.parse_intermixed_args()
    if options.work == "versions":
        result = versions()
    elif options.work == "read-pyopenms":
        result = read_pyopenms(options.files)
    elif options.work == "read-pymzml":
        result = read_pymzml(options.files)
    else:
        result = features_pyopenms(options.files, options.ppm, options.noise, options.fwhm, options.table)
    print("\n" + json.dumps(result))


if __name__ == "__main__":
    main()
