"""From the samples of bench.py to one plain dictionary (bench.json) and to Markdown. No measurement happens here."""

import statistics

median = statistics.median


def features(sample):
    return sum(file["features"] for file in sample["files"])


def recall_text(recall):
    return "no truth" if recall is None else f"recall {recall['found']}/{recall['expected']}"


def comparison(case, what, engine, peer, engine_seconds, peer_seconds, engine_how, peer_how, answer):
    """One row: medians of both, and the median, smallest and largest ratio of the rounds."""
    row = {"workload": case, "what": what, "engine": median(engine_seconds), "engineHow": engine_how,
           "engineSamples": engine_seconds, "answer": answer, "engineName": engine, "peerName": peer}
    if peer_seconds:
        ratios = [b / a for a, b in zip(engine_seconds, peer_seconds)]
        row.update(peer=median(peer_seconds), peerHow=peer_how, peerSamples=peer_seconds, ratio=median(ratios),
                   smallestRatio=min(ratios), largestRatio=max(ratios))
    return row


def rows_of(case, measured):
    samples, recalls = measured["samples"], measured["recall"]
    ours = samples["engine"]

    def column(lane, key):
        return [sample[key] for sample in samples.get(lane, [])]

    spectra = sum(file["spectra"] for file in measured["declared"])
    points = sum(file["surveyPoints"] for file in measured["declared"])
    reads = f"{spectra:,} spectra, {points:,} MS1 points"
    both = f"both {reads}"
    rows = []
    for peer in ["pyopenms", "pymzml"]:
        calls = column(f"read-{peer}", "calls")
        if calls:
            rows.append(comparison(case, "read and decode", "engine", peer, column("engine", "read"), calls,
                                   "jobs read, decode", "calls", both))
    mine = f"{features(ours[0]):,} features, {recall_text(recalls['engine'])}"
    theirs = ""
    if "features-pyopenms" in samples:
        theirs = (f"; pyopenms {features(samples['features-pyopenms'][0]):,} features, "
                  f"{recall_text(recalls['features-pyopenms'])}")
        rows.append(comparison(
            case, "features from decoded scans", "engine", "pyopenms", column("engine", "detect"),
            column("features-pyopenms", "detect"), "jobs traces, peaks + stage isotopes", "calls MTD, EPD, FFM",
            mine + theirs))
        rows.append(comparison(
            case, "file to features", "engine", "pyopenms", column("engine", "cpu"),
            column("features-pyopenms", "calls"), "whole process", "calls: load MS1, MTD, EPD, FFM", mine + theirs))
        rows.append(comparison(
            case, "file to features", "engine", "pyopenms", column("engine", "cpu"),
            column("features-pyopenms", "cpu"), "whole process", "whole process", mine + theirs))
    else:
        rows.append(comparison(case, "read and decode", "engine", None, column("engine", "read"), [],
                               "jobs read, decode", "", reads))
        rows.append(comparison(case, "file to features", "engine", None, column("engine", "cpu"), [],
                               "whole process", "", mine))
    rows.append(comparison(case, "everything", "engine", None, column("full-1", "cpu"), [],
                           "whole process, with library and annotation", "", mine))
    return rows


def scaling(measured):
    pairs = measured["pairs"]
    speedups = [one["runWall"] / two["runWall"] for one, two in pairs]
    return {"pairs": len(pairs), "cpuRatio": median(two["cpu"] / one["cpu"] for one, two in pairs),
            "wallSpeedup": median(speedups), "bestWallSpeedup": max(speedups),
            "fastestRunsSpeedup": min(one["runWall"] for one, _ in pairs) / min(two["runWall"] for _, two in pairs)}


def stage_shares(samples, setting_stages):
    """Median share of each stage in the run's wall time, and of the stages that settings can change, together."""
    names = list(samples[0]["stages"])
    shares = {name: median(s["stages"][name]["wallSeconds"] / s["runWall"] for s in samples) for name in names}
    affected = median(sum(s["stages"][name]["wallSeconds"] for name in setting_stages)
                      / s["runWall"] for s in samples)
    return {"stages": shares, "affected": affected}


def summarise(cases, start_up, date, load, runs, machine, engine, peers, unavailable, setting_stages, settings):
    return {
        "schema": "lavoisier-bench/1", "date": date, "loadAverageAtStart": load, "runs": runs, "machine": machine,
        "engine": engine, "peers": peers, "peersUnavailable": unavailable or None,
        "peerSettings": {case: {key: settings[case][key] for key in ("ppm", "noise", "fwhm")} for case in cases},
        "rows": [row for case, measured in cases.items() for row in rows_of(case, measured)],
        "startUp": {name: {"cpuSeconds": median(values), "samples": values} for name, values in start_up.items()},
        "scaling": {case: scaling(measured) for case, measured in cases.items()},
        "stages": {case: {str(workers): stage_shares(
            [pair[workers - 1] for pair in measured["pairs"]], setting_stages) for workers in (1, 2)}
            for case, measured in cases.items()},
        "settingStages": setting_stages,
    }


def milliseconds(seconds):
    return f"{seconds * 1000:,.0f} ms" if seconds >= 0.1 else f"{seconds * 1000:.1f} ms"


def markdown(report):
    peers = ", ".join(f"{name} {version}" for name, version in sorted(report["peers"].items()))
    lines = [
        f"Measured {report['date']}, lavoisier {report['engine']}"
        + (f", {peers}" if peers else "") + f"; medians of {report['runs']} interleaved rounds; CPU time.",
        "Machine: " + "; ".join(report["machine"]["fields"])
        + f"; other load at the start {report['loadAverageAtStart']:.1f}",
        "",
        "| workload | what | ratio (smallest to largest) | engine | peer | answers |",
        "|---|---|---|---|---|---|",
    ]
    if report["peersUnavailable"]:
        lines.insert(2, f"peer unavailable: {report['peersUnavailable']}")
    for row in report["rows"]:
        ratio = peer = "-"
        if "ratio" in row:
            ratio = f"**{row['ratio']:.1f}** ({row['smallestRatio']:.1f} to {row['largestRatio']:.1f})"
            peer = f"{row['peerName']} {milliseconds(row['peer'])} ({row['peerHow']})"
        lines.append(f"| {row['workload']} | {row['what']} | {ratio} | {milliseconds(row['engine'])} "
                     f"({row['engineHow']}) | {peer} | {row['answer']} |")
    lines += ["", "Start and end of a process, CPU: " + ", ".join(
        f"{'lavoisier --version' if name == 'engine' else 'import ' + name} {milliseconds(value['cpuSeconds'])} "
        f"(median of {len(value['samples'])})" for name, value in report["startUp"].items()), "",
        "| workload | pairs | CPU, 2 workers to 1 | wall, 1 worker to 2: median | best pair | fastest runs | "
        "wall in stages that settings change: 1 worker | 2 workers |", "|---|---|---|---|---|---|---|---|"]
    for case, value in report["scaling"].items():
        shares = report["stages"][case]
        lines.append(
            f"| {case} | {value['pairs']} | {value['cpuRatio']:.2f} | {value['wallSpeedup']:.2f} | "
            f"{value['bestWallSpeedup']:.2f} | {value['fastestRunsSpeedup']:.2f} | "
            f"{shares['1']['affected']:.0%} | {shares['2']['affected']:.0%} |")
    lines += ["", f"Stages, share of the run's wall time (settings change: {', '.join(report['settingStages'])}):"]
    for case, shares in report["stages"].items():
        for lane, workers in (("1", "1 worker"), ("2", "2 workers")):
            lines.append(f"- {case}, {workers}: " + ", ".join(
                f"{name} {share:.1%}" for name, share in shares[lane]["stages"].items()))
    return "\n".join(lines) + "\n"
