"""Scores of PyPI matchms and ms-entropy for pairs of spectra, for the optional test PeerSimilarityTests.

    PEER_PYTHON scripts/peer_similarities.py request.json scores.json

The request has tolerance (Da), spectra (precursor, mz, intensity) and pairs of their numbers; the answer has, for
each function, a list of [score, matched peaks] (entropy: score alone).
"""
import json
import sys

import numpy as np
from matchms import Spectrum
from matchms.similarity import (
    CosineGreedy, CosineHungarian, ModifiedCosineGreedy, ModifiedCosineHungarian, NeutralLossesCosine)
from ms_entropy import calculate_entropy_similarity, calculate_unweighted_entropy_similarity

request = json.load(open(sys.argv[1]))
tolerance = request["tolerance"]
options = {"tolerance": tolerance, "mz_power": 0.0, "intensity_power": 0.5}


def spectrum(entry, limit=float("inf")):
    mz = np.array(entry["mz"], dtype=np.float64)
    intensity = np.array(entry["intensity"], dtype=np.float64)
    kept = mz <= limit
    return Spectrum(mz=mz[kept], intensities=intensity[kept], metadata={"precursor_mz": entry["precursor"]},
                    metadata_harmonization=False)


whole = [spectrum(entry) for entry in request["spectra"]]
fragments = [spectrum(entry, entry["precursor"] - 1.6) for entry in request["spectra"]]
arrays = [np.array([entry["mz"], entry["intensity"]], dtype=np.float32).T.copy() for entry in request["spectra"]]
scores = {}
for function in (CosineGreedy, CosineHungarian, ModifiedCosineGreedy, ModifiedCosineHungarian, NeutralLossesCosine):
    measure = function(**options)
    rows = []
    for first, second in request["pairs"]:
        spectra = fragments if function is NeutralLossesCosine else whole
        if len(spectra[first].peaks) == 0 or len(spectra[second].peaks) == 0:
            rows.append([0.0, 0])
            continue
        result = measure.pair(spectra[first], spectra[second])
        rows.append([float(result["score"]), int(result["matches"])])
    scores[function.__name__] = rows
for name, function in (("entropy", calculate_entropy_similarity),
                       ("unweighted_entropy", calculate_unweighted_entropy_similarity)):
    scores[name] = [[float(function(arrays[first], arrays[second], ms2_tolerance_in_da=tolerance, noise_threshold=0))]
                    for first, second in request["pairs"]]
json.dump(scores, open(sys.argv[2], "w"))
