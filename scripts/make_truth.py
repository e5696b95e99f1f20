#!/usr/bin/env python3
"""Write the truth tables of the workloads from the tables that other programs published.

    python3 scripts/make_truth.py --data DIR --output workloads

DIR holds the folder `truth/` with the published tables (ms-mint, mzmine-workshop, openms and, for --here-only,
mm14 and faahko). Each table becomes `<output>/<workload>/truth.tsv` in one schema:

    mz  mz_tolerance_ppm  rt_seconds  rt_window_start  rt_window_end  charge  area  name  source  file

An unknown cell is empty and an unknown charge is 0. A result is a hit when its m/z lies within the tolerance and its
apex inside the window; a row with a retention time and no window leaves the window to the evaluation. Areas are
intensity x seconds where the publisher's unit is known to be a time integral, and the publisher's own number
otherwise: only correlations of their logarithms mean something. mzmine's library matches become
`truth_identifications.tsv`. Output depends on the input alone. Python 3 standard library only.
"""

import argparse
import csv
import hashlib
import math
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

COLUMNS = ["mz", "mz_tolerance_ppm", "rt_seconds", "rt_window_start", "rt_window_end", "charge", "area", "name",
           "source", "file"]
IDENTIFICATION_COLUMNS = ["mz", "mz_tolerance_ppm", "rt_seconds", "rt_window_start", "rt_window_end", "name", "adduct",
                          "formula", "inchikey", "inchi", "smiles", "score", "source"]
MZMINE_FILES = ["171103_PMA_TK_QC_04-4to5min.mzML", "171103_PMA_TK_QC_05-4to5min.mzML"]


def number(value, digits):
    """A fixed-point cell; empty for a missing value."""
    return "" if value is None else f"{value:.{digits}f}"


def row(mz, ppm, rt, window, charge, area, name, source, file=""):
    start, end = window if window else (None, None)
    return {
        "mz": number(mz, 6), "mz_tolerance_ppm": f"{ppm:g}", "rt_seconds": number(rt, 3),
        "rt_window_start": number(start, 3), "rt_window_end": number(end, 3), "charge": str(charge),
        "area": "" if area is None else f"{area:.6g}", "name": name, "source": source, "file": file,
    }


def write_table(path, columns, rows):
    for cells in rows:
        for column in columns:
            if re.search(r"[\t\r\n]", cells[column]):
                sys.exit(f"make_truth: {path}: a tab or line break inside the cell {column!r}: {cells[column]!r}")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "w", encoding="utf-8", newline="\n") as out:
        out.write("\t".join(columns) + "\n")
        out.writelines("\t".join(cells[column] for column in columns) + "\n" for cells in rows)
    os.replace(path + ".part", path)
    print(f"{path}: {len(rows)} rows")


def read_csv(path, delimiter=","):
    with open(path, encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter=delimiter))


# --- ms-mint: targets with retention-time windows, set by hand for this standard mix -------------------------------

def ms_mint(data):
    rows = []
    for target in read_csv(f"{data}/truth/ms-mint/v2__HILICNeg15_StdH1_sec.csv"):
        if target["rt_unit"] != "s":
            sys.exit(f"make_truth: ms-mint target {target['peak_label']}: unit {target['rt_unit']!r} is not seconds")
        rows.append(row(float(target["mz_mean"]), float(target["mz_width"]), float(target["rt"]),
                        (float(target["rt_min"]), float(target["rt_max"])), 1, None, target["peak_label"],
                        "ms-mint targets", "HILICNeg15_StdH1.mzML"))
    return rows


# --- mzmine: one row per feature and data file; minutes become seconds ---------------------------------------------

def mzmine(data):
    table = read_csv(f"{data}/truth/mzmine-workshop/expected_results.csv")
    rows = []
    for file in MZMINE_FILES:
        for feature in table:
            cell = {key: feature[f"datafile:{file}:{key}"]
                    for key in ("feature_state", "mz", "rt", "rt_range:min", "rt_range:max", "area", "charge")}
            if cell["feature_state"] != "DETECTED":
                continue
            rows.append(row(float(cell["mz"]), 10, 60 * float(cell["rt"]),
                            (60 * float(cell["rt_range:min"]), 60 * float(cell["rt_range:max"])),
                            int(cell["charge"] or 0), 60 * float(cell["area"]), f"mzmine {feature['id']}",
                            "mzmine expected_results", file))
    return rows


def mzmine_tiled(name):
    """The first tile of a tiled workload's first file is the first source file at its own retention times."""
    return lambda data: [dict(cells, file=f"{name}.mzML") for cells in mzmine(data) if cells["file"] == MZMINE_FILES[0]]


def mzmine_identifications(data):
    rows = []
    for feature in read_csv(f"{data}/truth/mzmine-workshop/expected_results.csv"):
        match = {key.split(":", 1)[1]: value for key, value in feature.items()
                 if key.startswith("spectral_db_matches:")}
        if not match["compound_name"]:
            continue
        inchi = match["inchi"]
        rows.append({
            "mz": number(float(feature["mz"]), 6), "mz_tolerance_ppm": "10",
            "rt_seconds": number(60 * float(feature["rt"]), 3),
            "rt_window_start": number(60 * float(feature["rt_range:min"]), 3),
            "rt_window_end": number(60 * float(feature["rt_range:max"]), 3), "name": match["compound_name"],
            "adduct": match["ion_adduct"], "formula": match["mol_formula"],
            "inchikey": inchikey(inchi) if inchi else "", "inchi": inchi, "smiles": match["smiles"],
            "score": match["similarity_score"], "source": f"mzmine {feature['id']}, {match['database_name']}",
        })
    return rows


# --- OpenMS: featureXML and the GNPS quantification table -----------------------------------------------------------

def feature_xml(path):
    """Top-level features (subordinate traces are left out) as dictionaries."""
    for element in ElementTree.parse(path).getroot().find("featureList").findall("feature"):
        position = {int(p.get("dim")): float(p.text) for p in element.findall("position")}
        hull = [float(point.get("x")) for point in element.findall("convexhull/pt")]
        yield {
            "rt": position[0], "mz": position[1], "intensity": float(element.findtext("intensity")),
            "charge": int(element.findtext("charge")), "hull": (min(hull), max(hull)) if hull else None,
            "parameters": {p.get("name"): p.get("value") for p in element.findall("UserParam")},
        }


def metabo_ident(data):
    rows = []
    for feature in feature_xml(f"{data}/truth/openms/FeatureFinderMetaboIdent_1_output.featureXML"):
        parameters = feature["parameters"]
        rows.append(row(feature["mz"], 10, feature["rt"],
                        (float(parameters["leftWidth"]), float(parameters["rightWidth"])), feature["charge"],
                        feature["intensity"], parameters["label"], "OpenMS FeatureFinderMetaboIdent",
                        "FeatureFinderMetaboIdent_1_input.mzML"))
    return rows


def metabo(data):
    """This table has no edges: the window is the centroid plus and minus one full width at half maximum. It states no
    scatter of m/z either; its scans are those of the mass traces below, whose median scatter is 21 ppm: twice that."""
    rows = []
    for feature in feature_xml(f"{data}/truth/openms/FeatureFinderMetabo_1_output.featureXML"):
        width = float(feature["parameters"]["FWHM"])
        rows.append(row(feature["mz"], 42, feature["rt"], (feature["rt"] - width, feature["rt"] + width),
                        feature["charge"], feature["intensity"], feature["parameters"]["label"],
                        "OpenMS FeatureFinderMetabo", "FeatureFinderMetabo_1_input.mzML"))
    return rows


def mass_traces(data):
    """One ion scatters widely here: the tolerance is two of the trace's standard deviations, 20 ppm at least."""
    rows = []
    for feature in feature_xml(f"{data}/truth/openms/MassTraceExtractor_1_output.featureXML"):
        tolerance = max(20, round(2 * float(feature["parameters"]["SD_ppm"]), 1))
        rows.append(row(feature["mz"], tolerance, feature["rt"], feature["hull"], feature["charge"],
                        feature["intensity"], feature["parameters"]["label"], "OpenMS MassTraceExtractor",
                        "MassTraceExtractor_1_input.mzML"))
    return rows


def gnps(data):
    """Consensus features with an intensity in map 0, which is this file, at that file's own m/z and retention time."""
    with open(f"{data}/truth/openms/GNPSExport_1_out_quant.txt", encoding="utf-8") as table:
        lines = [line.rstrip("\n").split("\t") for line in table]
    header = next(line for line in lines if line[0] == "#CONSENSUS")
    rows, consensus = [], 0
    for line in lines:
        if line[0] != "CONSENSUS":
            continue
        consensus += 1
        cell = dict(zip(header, line))
        if cell["intensity_0"]:
            rows.append(row(float(cell["mz_0"]), 10, float(cell["rt_0"]), None, int(cell["charge_0"]),
                            float(cell["intensity_0"]), f"consensus {consensus}", "OpenMS GNPSExport quantification",
                            "GNPSExport_mzml1.mzML"))
    return rows


# --- data that stays outside the repository -------------------------------------------------------------------------

def mm14(data):
    """No retention times are known; 60 ppm is the m/z tolerance that IPO found best for this file."""
    return [row(float(target["mz"]), 60, None, None, 1, None, target["name"].strip(), "MM14 targets", "MM14.mzML")
            for target in read_csv(f"{data}/truth/mm14/targets.csv")]


def faahko(data):
    """xcms3's groups in each sample with a finite value, in minutes there. Retention times are medians over samples AFTER a
    correction that the tables do not state; measured here as the median distance, in ko15 and wt15, of pyopenms's
    apexes from the rows above 1e5 that fit one feature alone in m/z (0.1), time (60 s) and area (a factor of 2): 7.0
    and 8.1 s earlier. The window is 15 s on both sides of that. The m/z grid is 0.1 wide: the tolerance is 0.1, its end
    included, as ppm of the row's m/z."""
    correction, half_window = 7.5, 15
    groups = read_csv(f"{data}/truth/faahko/variableMetadata-xcms3.tsv", "\t")
    values = {cells["name"]: cells for cells in read_csv(f"{data}/truth/faahko/dataMatrix-xcms3.tsv", "\t")}
    rows = []
    for sample in ("ko15", "ko16", "wt15", "wt16"):
        for group in groups:
            value = values[group["name"]][sample]
            if value in ("", "NA") or not math.isfinite(float(value)):
                continue
            mz, rt = float(group["mz"]), 60 * float(group["rt"]) - correction
            rows.append(row(mz, math.ceil(0.1001 / mz * 1e6), rt, (rt - half_window, rt + half_window), 0, float(value),
                            group["name"], "xcms3, retention-time correction taken back", f"{sample}.mzML"))
    return rows


# --- InChIKey (IUPAC InChI Technical Manual, section "InChIKey") ----------------------------------------------------

def base26_triplets():
    """The 2^14 letter triplets of InChIKey: none starts with E, and TAA to TTV are left out."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    every = (a + b + c for a in letters for b in letters for c in letters)
    return [t for t in every if t[0] != "E" and not "TAA" <= t <= "TTV"]


TRIPLETS = base26_triplets()


def base26(text, triplet_count):
    bits = int.from_bytes(hashlib.sha256(text.encode("ascii")).digest(), "little")
    block = "".join(TRIPLETS[bits >> 14 * index & 0x3FFF] for index in range(triplet_count))
    pair = bits >> 14 * triplet_count & 0x1FF
    return block + chr(65 + pair // 26) + chr(65 + pair % 26)


def inchikey(inchi):
    """The standard InChIKey of a standard InChI: hash of the connectivity layers, of the rest, and the protonation."""
    if not inchi.startswith("InChI=1S/"):
        sys.exit(f"make_truth: not a standard InChI: {inchi!r}")
    layers = inchi[len("InChI=1S/"):].split("/")
    major, minor, protons, in_major = [layers[0]], [], 0, True
    for layer in layers[1:]:
        if layer[0] == "p":
            protons = int(layer[1:])
        elif in_major and layer[0] in "chq":
            major.append(layer)
        else:
            in_major = False
            minor.append(layer)
    rest = "".join("/" + layer for layer in minor)
    protonation = chr(ord("N") + protons) if abs(protons) <= 12 else "A"
    return f"{base26('/'.join(major), 4)}-{base26(rest if len(rest) > 254 else rest * 2, 2)}SA-{protonation}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder that holds truth/")
    parser.add_argument("--output", required=True, help="folder of the workloads, one folder each")
    parser.add_argument("--here-only", action="store_true",
                        help="also write mm14 and faahko, whose data may not be redistributed with this project")
    arguments = parser.parse_args()
    tables = [("small", ms_mint), ("medium", mzmine), ("gnps", gnps), ("ident", metabo_ident),
              ("metabo", metabo), ("traces", mass_traces)]
    tables += [(name, mzmine_tiled(name)) for name in ["large", "large-raw", "huge"]]
    tables.append(("many", mzmine_tiled("many-01")))
    if arguments.here_only:
        tables += [("mm14", mm14), ("faahko", faahko)]
    for name, make in tables:
        write_table(f"{arguments.output}/{name}/truth.tsv", COLUMNS, make(arguments.data))
    write_table(f"{arguments.output}/medium/truth_identifications.tsv", IDENTIFICATION_COLUMNS,
                mzmine_identifications(arguments.data))


if __name__ == "__main__":
    main()
