#!/usr/bin/env python3
"""Write Tests/MzMLTests/Fixtures/numpress.json: arrays of bundled files, encoded and decoded by pynumpress.

    python3 -m venv VENV && VENV/bin/pip install pynumpress==0.1.5 numpy
    VENV/bin/python scripts/make_numpress_fixtures.py

pynumpress wraps the reference implementation of MS-Numpress (C++). A case holds the values that went in, the stream and
the values that came out, as base64 of little-endian 64-bit floats and of bytes.
"""

import base64
import json
import os
import xml.etree.ElementTree as ElementTree
import zlib

import numpy
import pynumpress

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.path.join(ROOT, "Tests/MzMLTests/Fixtures/numpress.json")
MZML = "{http://psi.hupo.org/ms/mzml}"
# File, position of the spectrum, points taken: centroid and profile, orbitrap and time of flight, dense and sparse.
SOURCES = [
    ("workloads/small/HILICNeg15_StdH1.mzML", 100, 250),
    ("workloads/medium/171103_PMA_TK_QC_04-4to5min.mzML", 0, 250),
    ("workloads/medium/171103_PMA_TK_QC_04-4to5min.mzML", 3, 60),
    ("workloads/tof/AssayGeneratorMetabo_input.mzML", 2, 100),
    ("workloads/traces/MassTraceExtractor_1_input.mzML", 5, 150),
    ("workloads/small/HILICNeg15_StdH1.mzML", 3, 1),
    ("workloads/small/HILICNeg15_StdH1.mzML", 4, 2),
    ("workloads/small/HILICNeg15_StdH1.mzML", 5, 3),
]
TERMS = {"MS:1000523": ("type", "<f8"), "MS:1000521": ("type", "<f4"), "MS:1000574": ("zlib", True),
         "MS:1000514": ("content", "mz"), "MS:1000515": ("content", "intensity")}


def arrays(path, index):
    """m/z and intensity of one spectrum."""
    seen = -1
    for _, element in ElementTree.iterparse(path):
        if element.tag != MZML + "spectrum":
            continue
        seen += 1
        if seen == index:
            found = {}
            for array in element.iter(MZML + "binaryDataArray"):
                facts = dict(TERMS[t.get("accession")] for t in array.iter(MZML + "cvParam")
                             if t.get("accession") in TERMS)
                if "content" not in facts:
                    continue
                data = base64.b64decode(array.find(MZML + "binary").text or "")
                data = zlib.decompress(data) if facts.get("zlib") else data
                found[facts["content"]] = numpy.frombuffer(data, facts["type"]).astype("f8")
            return found["mz"], found["intensity"]
        element.clear()
    raise SystemExit(f"{path} has no spectrum {index}")


def text(values):
    return base64.b64encode(numpy.ascontiguousarray(values).tobytes()).decode()


def case(source, kind, values, stream, decoded):
    return {"source": source, "kind": kind, "values": text(values.astype("<f8")),
            "stream": text(numpy.asarray(stream, "u1")), "decoded": text(numpy.asarray(decoded, "<f8"))}


def main():
    cases = []
    for path, index, count in SOURCES:
        mz, intensity = arrays(os.path.join(ROOT, path), index)
        source = f"{os.path.basename(path)}, spectrum {index}"
        mz, intensity = mz[:count].copy(), intensity[:count].copy()
        point = pynumpress.optimal_linear_fixed_point(mz)
        stream = pynumpress.encode_linear(mz, point)
        # pynumpress 0.1.5 refuses to decode a single value, as it wrote it.
        decoded = pynumpress.decode_linear(stream) if count > 1 else numpy.floor(mz * point + 0.5) / point
        cases.append(case(source, "linear", mz, stream, decoded))
        # Beyond 31 bits pic wraps around, which is not its purpose.
        counts = intensity[intensity < 2**31 - 1].copy()
        stream = pynumpress.encode_pic(counts)
        cases.append(case(source, "pic", counts, stream, pynumpress.decode_pic(stream)))
        stream = pynumpress.encode_slof(intensity, pynumpress.optimal_slof_fixed_point(intensity))
        cases.append(case(source, "slof", intensity, stream, pynumpress.decode_slof(stream)))
    with open(TARGET, "w") as file:
        json.dump({"pynumpress": pynumpress.__version__, "cases": cases}, file, indent=0)
        file.write("\n")
    print(f"{len(cases)} cases in {os.path.relpath(TARGET, ROOT)}")


if __name__ == "__main__":
    main()
