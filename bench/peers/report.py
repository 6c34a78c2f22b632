"""Verdicts as lines for a terminal, and as a Markdown table."""

from verdict import text_of

UNITS = {"ns": 1, "µs": 1e3}


def line_of(found):
    """A peer of a row, and a verdict for each runtime."""
    name = f"  beside {name_of(found)}: {found['asked']}"
    if found["reason"]:
        return f"{name}: {found['reason']}"
    unit = found["row"]["unit"]
    goal = found["goal"]
    lines = []
    for runtime, verdict in found["verdicts"].items():
        times = f"{digits(verdict['ours'], unit)} and {digits(verdict['theirs'], unit)} {unit}"
        reached = "" if goal is None else f"; goal ≤ {goal}: {'reached' if verdict['ratio'] <= goal else 'MISSED'}"
        lines.append(f"    {runtime}: {times}, ours ÷ theirs {text_of(verdict)}: {verdict['verdict']}{reached}")
    return "\n".join([name, *lines])


def table_of(results):
    """A row for each peer, with the runtimes side by side."""
    runtimes = next((list(found["verdicts"]) for found in results["found"] if not found["reason"]), [])
    header = ["what, and of how many steps", "beside, and what it was asked for", "theirs", *(f"ours ÷ theirs, {name}" for name in runtimes)]
    rows, before = [], None
    for found in results["found"]:
        row = found["row"]
        # What ours is asked for stands once.
        what = row["what"] if row == before else f"{row['what']}: {row['asked']}" + of_rows(found)
        before = row
        beside = f"{name_of(found)}: {found['asked']}"
        if found["reason"]:
            rows.append([what, beside, found["reason"], *("–" for _ in runtimes)])
            continue
        verdicts = [found["verdicts"][name] for name in runtimes]
        low, high = (digits(pick(each["theirs"] for each in verdicts), row["unit"]) for pick in (min, max))
        theirs = low if low == high else f"{low} to {high}"
        rows.append([what, beside, f"{theirs} {row['unit']}", *map(cell_of, verdicts)])
    lines = [f"| {' | '.join(cells)} |" for cells in [header, ["---"] * len(header), *rows]]
    return "\n".join([*lines, "", f"Measured on {results['machine']}."])


def of_rows(found):
    return f"; of {found['sizes']['rows']:,}" if found["row"]["rows"] else ""


def cell_of(verdict):
    return text_of(verdict) + ("" if verdict["verdict"] == "faster" else f": {verdict['verdict']}")


def name_of(found):
    return f"{found['name']} ({found['version']})" if found.get("version") else found["name"]


def digits(nanoseconds, unit):
    """Three digits that count."""
    value = nanoseconds / UNITS[unit]
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
