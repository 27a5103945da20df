"""What a run leaves: a CSV, an SVG and a PNG per benchmark, and one HTML page that needs nothing else."""
import math
import os
from html import escape

from . import machine as machines
from . import plot
from .runtimes import BASELINE, title as title_of
from .units import scaled, span, times

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, 'DejaVu Sans', Verdana, sans-serif; color: #222; background: #fff; margin: 0 auto;
       max-width: 900px; padding: 0 14px 60px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 1.2em 0 .3em; } h2 { font-size: 1.25rem; margin: 2.2em 0 .2em; }
p { margin: .4em 0; } .dim { color: #666; } .small { font-size: .85rem; }
table { border-collapse: collapse; font-size: .82rem; width: 100%; }
th, td { text-align: left; padding: 4px 8px 4px 0; border-bottom: 1px solid #e4e4e4; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.n { white-space: normal; }
.scroll { overflow-x: auto; } .note { color: #a33; } .worse { color: #a33; } .better { color: #06683f; }
svg { max-width: 100%; height: auto; display: block; }
.narrow { display: none; } details { margin: .4em 0; } summary { cursor: pointer; color: #0a4f86; }
nav a { white-space: nowrap; margin-right: .8em; } a { color: #0a4f86; }
.name { white-space: nowrap; }
tr.first th { border-top: 2px solid #bbb; padding-top: 10px; }
@media (max-width: 640px) {
  .narrow { display: block; } .wide, .extra { display: none; } h1 { font-size: 1.3rem; } table { font-size: .78rem; }
}
"""


def write(folder, machine, done, settings, progress):
    """Writes everything for a run into its folder."""
    made_png = True
    sections = []
    for results in done:
        footer = footer_of(machine, results)
        base = os.path.join(folder, results.benchmark)
        results.write_csv(base + ".csv")
        wide = plot.draw(results, plot.WIDE, footer)
        if wide:
            with open(base + ".svg", "w") as file:
                file.write(wide)
            made_png = plot.png(base + ".svg", base + ".png") and made_png
        sections.append(section(results, wide, plot.draw(results, plot.NARROW, footer)))
    if not made_png:
        progress.say("perf: rsvg-convert is not installed: no PNG plots\n    to get it: apt-get install librsvg2-bin")
    with open(os.path.join(folder, "report.html"), "w") as file:
        file.write(page(machine, done, settings, sections))


def footer_of(machine, results):
    measured = {name for cells in results.rows.values() for name, cell in cells.items() if cell.values}
    by_version = {}
    for name, version in machine["runtimes"].items():
        if name in measured:
            by_version.setdefault(version, []).append(name)
    versions = "; ".join(version if names == [version.split()[0]] == [title_of(n) for n in names] else
                         f"{' and '.join(map(title_of, names))}: {version}" for version, names in by_version.items())
    return (f"{machines.sentence(machine)}; {machine.get('date', '')}. Bars: medians; whiskers: lowest and highest sample."
            f" {versions}.")


def page(machine, done, settings, sections):
    title = "What sandboxing costs"
    quick = (" This was a quick run: few samples of small workloads, good for a first look, not for conclusions."
             if settings.get("quick") else "")
    busy = (' <span class="note">The machine was busy when it began: figures scatter.</span>' if machines.busy(machine) else "")
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>{STYLE}</style></head><body><h1>{title}</h1>"
            "<p>The same programs with several container runtimes, in turns. runc runs them on the host's kernel; the"
            f" others are compared with it.{quick}{busy}</p>{machine_table(machine, settings)}"
            f"<h2>At a glance</h2>{overview(done)}"
            + "".join(sections) + "</body></html>\n")


def machine_table(machine, settings):
    rows = [("Processor", f"{machine['processor']}, {machine['cores']} cores"),
            ("Memory", f"{machine['memory_bytes'] / 2**30:.1f} GiB"),
            ("Kernel", f"Linux {machine['kernel']}, {machine['system']}"),
            ("Virtual machine", machine["virtualised"]),
            ("Measured", f"{machine.get('date', '')}, load {machine['load']} before it began"),
            *([("Command", settings["command"])] if settings.get("command") else [])]
    unusable = machine.get("unusable", {})
    rows += [(title_of(name), version + (f" ({unusable[name]})" if name in unusable and unusable[name] not in version else ""))
             for name, version in machine["runtimes"].items()]
    return "<table>" + "".join(f"<tr><td class='name'>{escape(a)}</td><td>{escape(str(b))}</td></tr>" for a, b in rows) + "</table>"


def overall(results, runtime):
    """The geometric mean of a runtime's costs relative to runc over a benchmark's plotted figures: above 1 is worse."""
    ratios = []
    for (method, metric), cells in results.rows.items():
        ratio = results.ratio(runtime, method, metric)
        if ratio and results.metrics[metric].plotted:
            ratios.append(ratio if results.metrics[metric].lower_is_better else 1 / ratio)
    return math.exp(sum(math.log(r) for r in ratios) / len(ratios)) if ratios else None


def overview(done):
    """One line per benchmark: how many times runc's cost each runtime has."""
    names = [n for n in dict.fromkeys(n for r in done for n in r.runtimes) if n != BASELINE]
    if not any(overall(r, n) for r in done for n in names):
        links = " ".join(f'<a href="#{escape(r.benchmark)}">{escape(r.benchmark)}</a>' for r in done)
        return f'<p class="dim">No figures of runc to compare with.</p><nav>{links}</nav>'
    # Those that take part in a few benchmarks only are seen there.
    names = [n for n in names if any(overall(r, n) for r in done) and 2 * sum(n in r.runtimes for r in done) > len(done)]
    head = "".join(f'<th class="n">{escape(title_of(n))}</th>' for n in names)
    lines = []
    for results in done:
        cells = []
        for name in names:
            cost = overall(results, name)
            kind = "" if cost is None else " worse" if cost > 1.1 else " better" if cost < 0.9 else ""
            cells.append(f'<td class="n{kind}">{times(cost) or "–"}</td>')
        lines.append(f'<tr><td><a href="#{escape(results.benchmark)}">{escape(results.benchmark)}</a></td>'
                     + "".join(cells) + "</tr>")
    return ('<p class="dim small">How many times runc\'s cost: 1.00× is runc\'s own, 2× takes twice the time or memory or'
            " gives half the throughput; the geometric mean of a benchmark's figures; – where nothing could be"
            f' compared.</p><div class="scroll"><table><tr><th></th>{head}</tr>{"".join(lines)}</table></div>')


def section(results, wide, narrow):
    drawn = (f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>' if wide
             else '<p class="note">Nothing could be measured.</p>')
    stopped = '<p class="note">Stopped before its end.</p>' if results.interrupted else ""
    name = escape(results.benchmark)
    return (f'<h2 id="{name}">{name}</h2><p class="small dim">{escape(results.summary)}.</p>{stopped}{drawn}<details><summary>All figures of {name}</summary>'
            f'{table(results)}</details><p class="small dim">Took {span(results.seconds)}. <a href="{name}.csv">CSV</a>'
            f', <a href="results.json">every sample</a></p>')


def table(results):
    """All figures: a line with what was measured, then one per runtime. What has no figure at all says why once, at the end."""
    peer = results.peer()
    absent = {r: why for r in results.runtimes if (why := results.absence(r))}
    rows = []
    for (method, metric), cells in results.rows.items():
        shown = [runtime for runtime in results.runtimes if runtime in cells and runtime not in absent]
        if shown:
            what = f"{plot.label_of(results, method)}, {metric.replace('_', ' ')}"
            rows.append(f'<tr class="first"><th colspan="6">{escape(what)}</th></tr>')
        for runtime in shown:
            rows += lines_of(results, runtime, method, metric, peer)
    if absent:
        rows.append('<tr class="first"><th colspan="6">not measured</th></tr>')
    rows += [f'<tr><td>{escape(title_of(runtime))}</td><td class="note" colspan="5">{escape(why)}</td></tr>'
             for runtime, why in absent.items()]
    return ('<div class="scroll"><table><tr><th></th><th class="n">median</th><th class="n extra">lowest – highest</th>'
            '<th class="n">to runc</th><th class="n">to gVisor</th><th class="n extra">samples</th></tr>'
            f"{''.join(rows)}</table></div>")


def lines_of(results, runtime, method, metric, peer):
    """A runtime's line, and a second one if there is something to say about its figure."""
    cell, unit = results.cell(runtime, method, metric), results.metrics[metric].unit
    name = f"<td>{escape(title_of(runtime))}</td>"
    dropped = f"{len(cell.dropped)} dropped" if cell.dropped else ""
    note = escape("; ".join(part for part in (dropped, results.status(runtime, method, metric)) if part))
    if not cell.values:
        return [f'<tr>{name}<td class="note" colspan="5">{note}</td></tr>']
    spread = f"{scaled(cell.low, unit)} – {scaled(cell.high, unit)}" if len(cell.values) > 1 else ""
    return [f'<tr>{name}<td class="n">{scaled(cell.median, unit)}</td><td class="n extra">{spread}</td>'
            f'<td class="n">{times(results.ratio(runtime, method, metric))}</td>'
            f'<td class="n">{times(results.ratio(runtime, method, metric, peer))}</td>'
            f'<td class="n extra">{len(cell.values)}</td></tr>',
            *([f'<tr><td></td><td class="note" colspan="5">{note}</td></tr>'] if note else [])]
