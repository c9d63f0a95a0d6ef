"""What Sheaf, picklescan and modelscan find in the same files."""

import contextlib
import importlib.metadata
import io
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import bad
import harmless
from modelscan.modelscan import ModelScan
from picklescan.scanner import scan_file_path

DOCUMENT = Path("docs/scanner.md")
FOUND, SAID, MISSED = "found", "not sure", "–"


def sheaf(path):
    """Suspicious is found; unknown and not scanned is said."""
    command = [os.environ["SHEAF"], "inspect", "--json", path]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    state = report.get("pickles", {}).get("state", "clean")
    return {"suspicious": FOUND, "clean": MISSED}.get(state, SAID)


def picklescan(path):
    """An issue is found; an error, or an import that is not known to be harmless, is said."""
    try:
        result = scan_file_path(str(path))
    except Exception:
        return SAID
    if result.issues_count:
        return FOUND
    unsure = any(found.safety.name != "Innocuous" for found in result.globals)
    return SAID if result.scan_err or unsure else MISSED


def modelscan(path):
    """An issue is found; an error, or a file that was skipped, is said."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            result = ModelScan().scan(path)
        except Exception:
            return SAID
    if result["summary"]["total_issues"]:
        return FOUND
    skipped = result["summary"].get("skipped", {}).get("total_skipped", 0)
    return SAID if result["errors"] or skipped else MISSED


TOOLS = {"Sheaf": sheaf, "picklescan": picklescan, "modelscan": modelscan}


def check_that_it_runs(name, path):
    """Loads a pickle in a process of its own, whose folder shows whether the command ran."""
    script = "import pickle, sys\nwith open(sys.argv[1], 'rb') as f: pickle.load(f)\n"
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", script, path], cwd=folder, capture_output=True)
        for _ in range(50):
            if Path(folder, "ran").exists():
                return
            subprocess.run(["sleep", "0.1"], check=True)
    raise SystemExit(f"{name} runs nothing: {done.stderr.decode()}")


def write_bad(folder):
    for name, data in bad.PICKLES.items():
        path = folder / f"{name}.pkl"
        path.write_bytes(data)
        check_that_it_runs(name, path)
    for name, data in bad.FILES.items():
        (folder / name).write_bytes(data)


def judge(files):
    return {path.name: {tool: scan(path) for tool, scan in TOOLS.items()} for path in files}


def count(verdicts, tool, which):
    return sum(found[tool] == which for found in verdicts.values())


def summary(of_bad, of_good):
    lines = ["| | bad files found | not sure | missed | harmless files called bad | not sure |"]
    lines += ["|---|---|---|---|---|---|"]
    for tool in TOOLS:
        version = "" if tool == "Sheaf" else " " + importlib.metadata.version(tool)
        numbers = [count(of_bad, tool, which) for which in (FOUND, SAID, MISSED)]
        numbers += [count(of_good, tool, which) for which in (FOUND, SAID)]
        cells = " | ".join(str(number) for number in numbers)
        lines.append(f"| {tool}{version} | {cells} |")
    return lines


def details(verdicts, expected):
    lines = ["| file | " + " | ".join(TOOLS) + " |", "|---|---|---|---|"]
    for name, found in verdicts.items():
        if any(which != expected for which in found.values()):
            lines.append(f"| `{name}` | " + " | ".join(found.values()) + " |")
    return lines


def main():
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name in ("bad", "good"):
            (folder / name).mkdir()
        write_bad(folder / "bad")
        harmless.write(folder / "good")
        of_bad = judge(sorted((folder / "bad").iterdir()))
        good = sorted((folder / "good").iterdir()) + harmless.corpus()
        of_good = judge(good)
    lines = [f"{len(of_bad)} bad files, {len(of_good)} harmless ones:", ""]
    lines += summary(of_bad, of_good)
    lines += ["", "Bad files that not all found:", ""] + details(of_bad, FOUND)
    alarms = {name: found for name, found in of_good.items() if FOUND in found.values()}
    if alarms:
        lines += ["", "Harmless files that were called bad:", ""] + details(alarms, MISSED)
    table = "\n".join(lines)
    print(table)
    if "--write" in sys.argv[1:]:
        marks = r"(<!-- benches/scanner/run -->\n).*?(<!-- end -->)"
        text = re.sub(marks, lambda m: f"{m[1]}\n{table}\n\n{m[2]}", DOCUMENT.read_text(), flags=re.S)
        DOCUMENT.write_text(text)


if __name__ == "__main__":
    main()
