#!/usr/bin/env python3
"""One measured piece of work with another program; started by bench.py, one process per measurement.

    bench_peers.py versions
    bench_peers.py read-pyopenms FILE...
    bench_peers.py read-pymzml FILE...
    bench_peers.py sums-pyopenms FILE...
    bench_peers.py sums-pymzml FILE...
    bench_peers.py features-pyopenms --ppm P --noise N --fwhm S --table features.tsv [--pick] FILE...

The last line of standard output is JSON. `cpuSeconds` is time.process_time (user and system, all threads) around the
calls alone: imports, counting and the table are outside it. `featureSeconds` is the part after reading. `sums-...` is not
timed: points, and the sums of m/z and intensity, of all spectra.
"""

import argparse
import importlib.metadata
import json
import os
import time


def stem(path):
    name = os.path.basename(path)
    return name[:-5] if name.lower().endswith(".mzml") else name


def counts_of(levels, survey_points, points):
    return {"spectra": sum(levels.values()), "survey": levels.get(1, 0), "fragments": levels.get(2, 0),
            "surveyPoints": survey_points, "points": points}


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
        levels, survey_points, points = {}, 0, 0
        for spectrum in experiment:
            level = spectrum.getMSLevel()
            levels[level] = levels.get(level, 0) + 1
            points += spectrum.size()
            survey_points += spectrum.size() if level == 1 else 0
        results.append(counts_of(levels, survey_points, points))
    return {"cpuSeconds": seconds, "files": results}


def read_pymzml(files):
    import pymzml
    results, seconds = [], 0.0
    for path in files:
        levels, survey_points, points = {}, 0, 0
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
            points += size
            survey_points += size if level == 1 else 0
        seconds += time.process_time() - start
        results.append(counts_of(levels, survey_points, points))
    return {"cpuSeconds": seconds, "files": results}


def add_up(arrays):
    """Of pairs of m/z and intensity, one spectrum at a time: the rounding of a sum grows with its length."""
    import numpy
    points, mz_sum, intensity_sum = 0, 0.0, 0.0
    for mz, intensity in arrays:
        points += len(mz)
        mz_sum += float(numpy.sum(mz, dtype=numpy.float64))
        # The engine and the ceilings hold intensities in 32 bits.
        intensity_sum += float(numpy.sum(numpy.asarray(intensity, dtype=numpy.float32), dtype=numpy.float64))
    return {"points": points, "mzSum": mz_sum, "intensitySum": intensity_sum}


def sums_pyopenms(files):
    import pyopenms
    results = []
    for path in files:
        experiment = pyopenms.MSExperiment()
        pyopenms.MzMLFile().load(path, experiment)
        results.append(add_up(spectrum.get_peaks() for spectrum in experiment))
    return {"files": results}


def sums_pymzml(files):
    import pymzml
    return {"files": [add_up((spectrum.mz, spectrum.i) for spectrum in pymzml.run.Reader(path)
                             if spectrum.ms_level is not None) for path in files]}


def with_parameters(algorithm, **values):
    parameters = algorithm.getDefaults()
    for name, value in values.items():
        parameters.setValue(name, value)
    algorithm.setParameters(parameters)
    return algorithm


def features_pyopenms(files, ppm, noise, fwhm, table, pick):
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
        if pick:
            experiment = pyopenms.PeakPickerHiRes().pickExperiment(experiment, True)
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
                         abs(feature.getCharge()), feature.getIntensity(), feature.getOverallQuality(),
                         feature.getMetaValue("masstrace_intensity")))
    with open(table, "w", encoding="utf-8") as out:
        out.write("file\tmz\trt_seconds\trt_start_seconds\trt_end_seconds\tcharge\tarea\tquality\tisotope_areas\n")
        for name, mz, rt, first, last, charge, area, quality, isotopes in rows:
            out.write(f"{name}\t{mz:.6f}\t{rt:.3f}\t{first:.3f}\t{last:.3f}\t{charge}\t{area:.6g}\t{quality:.6g}\t"
                      + ";".join(f"{value:.6g}" for value in isotopes or [area]) + "\n")
    return {"cpuSeconds": reading + finding, "featureSeconds": finding, "files": results}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    works = {"read-pyopenms": read_pyopenms, "read-pymzml": read_pymzml, "sums-pyopenms": sums_pyopenms,
             "sums-pymzml": sums_pymzml}
    parser.add_argument("work", choices=["versions", *works, "features-pyopenms"])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--ppm", type=float)
    parser.add_argument("--noise", type=float)
    parser.add_argument("--fwhm", type=float)
    parser.add_argument("--table")
    parser.add_argument("--pick", action="store_true", help="profile spectra: PeakPickerHiRes first")
    options = parser.parse_intermixed_args()
    if options.work == "versions":
        result = versions()
    elif options.work in works:
        result = works[options.work](options.files)
    else:
        result = features_pyopenms(
            options.files, options.ppm, options.noise, options.fwhm, options.table, options.pick)
    print("\n" + json.dumps(result))


if __name__ == "__main__":
    main()
