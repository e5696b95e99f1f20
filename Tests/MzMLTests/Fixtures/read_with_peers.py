"""Read an mzML file with pyopenms or pymzml and print what it holds, as JSON: python read_with_peers.py PEER FILE."""

import json
import sys

import numpy


def spectra(peer, path):
    """Level, retention time in seconds, first selected m/z, m/z and intensity of each spectrum."""
    if peer == "pyopenms":
        import pyopenms

        run = pyopenms.MSExperiment()
        pyopenms.MzMLFile().load(path, run)
        for spectrum in run.getSpectra():
            precursors = spectrum.getPrecursors()
            mz, intensity = spectrum.get_peaks()
            yield (spectrum.getMSLevel(), spectrum.getRT(), precursors[0].getMZ() if precursors else None, mz, intensity)
    else:
        import pymzml

        for spectrum in pymzml.run.Reader(path):
            chosen = spectrum.selected_precursors
            yield (spectrum.ms_level, spectrum.scan_time_in_minutes() * 60, chosen[0]["mz"] if chosen else None,
                   spectrum.mz, spectrum.i)


levels = {}
arrays = []
times = []
precursors = []
for level, time, precursor, mz, intensity in spectra(sys.argv[1], sys.argv[2]):
    mz = numpy.asarray(mz, "<f8")
    intensity = numpy.asarray(intensity, "<f4")
    found = levels.setdefault(str(level), {"spectra": 0, "points": 0, "mz": 0.0, "intensity": 0.0})
    found["spectra"] += 1
    found["points"] += len(mz)
    found["mz"] += float(mz.sum())
    found["intensity"] += float(intensity.astype("f8").sum())
    arrays.append([mz.tobytes().hex(), intensity.tobytes().hex()])
    times.append(time)
    precursors.append(precursor)
print(json.dumps({"levels": levels, "first": arrays[0], "last": arrays[-1], "times": times, "precursors": precursors}))
