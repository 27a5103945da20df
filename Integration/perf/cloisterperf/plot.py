"""Bar plots as SVG, in two widths: for pages and for phones. PNG by rsvg-convert.

Each figure is a panel of horizontal bars, one per runtime, with its name on the left and its value on the right: nobody
has to match a colour with a legend. Whiskers span the lowest and the highest sample. Colours are Okabe and Ito's, which
people with any colour vision tell apart.
"""
import math
import os
import shutil
import subprocess
from html import escape

from .runtimes import BASELINE, title as title_of
from .samples import ratio as ratio_of
from .units import scaled, times

COLOURS = {"native": "#1b1b1b", "runc": "#7d7d7d", "crun": "#cc79a7", "runsc": "#e69f00", "runsc:ptrace": "#d55e00", "runsc:systrap": "#e69f00",
           "cloister": "#0072b2", "cloister:systrap": "#0072b2", "cloister:ptrace": "#56b4e9"}
OTHERS = ["#009e73", "#d55e00", "#cc79a7", "#b59f00", "#332288", "#44aa99"]
FONT = "font-family=\"'DejaVu Sans', Verdana, 'Helvetica Neue', Arial, sans-serif\""
WIDE, NARROW = 860, 380
BAR, GAP, HEADING = 13, 4, 22


def colours(runtimes):
    others = iter(OTHERS * 5)
    return {runtime: COLOURS.get(runtime) or next(others) for runtime in runtimes}


def width_of(text, size):
    """About how wide a text is; a little more than in the widest usual font."""
    return sum(0.36 if c in "ijlt.,:;'|!()[] " else 0.95 if c in "mwMW×%" else 0.64 for c in text) * size


def fit(text, size, room):
    """A text cut to the room there is."""
    if width_of(text, size) <= room:
        return text
    while text and width_of(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap(text, size, room):
    lines, line = [], ""
    for word in text.split():
        if line and width_of(line + " " + word, size) > room:
            lines.append(line)
            line = word
        else:
            line = (line + " " + word).strip()
    return lines + [line] if line else lines


class Drawing:
    """SVG elements with a running height."""

    def __init__(self, width):
        self.width, self.height, self.parts = width, 0.0, []

    def text(self, x, y, text, size=11, colour="#222", anchor="start", weight="normal"):
        # A white edge keeps a text readable over grid lines.
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"'
                          f' font-weight="{weight}" paint-order="stroke" stroke="#fff" stroke-width="3">{escape(text)}</text>')

    def box(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}"'
                          f' fill="{colour}"/>')

    def line(self, x1, y1, x2, y2, colour, thick=1.0):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"'
                          f' stroke-width="{thick}"/>')

    def svg(self, label):
        height = math.ceil(self.height)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height}" width="{self.width}"'
                f' height="{height}" role="img" aria-label="{escape(label, quote=True)}" {FONT}>'
                f'<rect width="{self.width}" height="{height}" fill="#fff"/>' + "".join(self.parts) + "</svg>\n")


class Scale:
    """From values to lengths: linear from 0, or logarithmic from the power of ten below the smallest."""

    def __init__(self, values, logarithmic):
        self.logarithmic = logarithmic and min(values) > 0
        if self.logarithmic:
            self.start = math.floor(math.log10(min(values)) - 0.05)
            self.end = max(math.log10(max(values)), self.start + 1)
        else:
            self.start, self.end = 0.0, max(0.0, *values) or 1.0

    def part(self, value):
        value = math.log10(value) if self.logarithmic else value
        return min(1.0, max(0.0, (value - self.start) / (self.end - self.start)))

    def ticks(self):
        """The powers of ten, not too many of them."""
        if not self.logarithmic:
            return []
        powers = range(self.start, math.floor(self.end + 1e-9) + 1)
        step = max(1, math.ceil(len(powers) / 5))
        return [10.0 ** power for power in powers][::step]


def label_of(results, method):
    """What a figure is called: the benchmark's words for it, or the method's name."""
    return results.labels.get(method) or method.removeprefix(results.benchmark + ".")


def panels(results, only=None):
    """(label, metric, {runtime: cell}) of every figure that is drawn, those without any value left out."""
    several = len({metric for (_, metric) in results.rows if results.metrics[metric].plotted}) > 1
    found = []
    # One metric after the other, as the benchmark lists them.
    names = list(results.metrics)
    for (method, metric), cells in sorted(results.rows.items(), key=lambda row: names.index(row[0][1])):
        if not results.metrics[metric].plotted or not any(cell.values for cell in cells.values()):
            continue
        label = label_of(results, method)
        if only and method not in only:
            continue
        if several:
            label = f"{label}: {metric.replace('_', ' ')}" if method != results.benchmark else metric.replace("_", " ")
        found.append((label, results.metrics[metric], cells))
    return found


def draw(results, width, footer, only=None, title=None):
    """One benchmark's plot as SVG text, or None if nothing was measured."""
    shown = panels(results, only)
    if not shown:
        return None
    drawing = Drawing(width)
    metrics = list(dict.fromkeys(metric for _, metric, _ in shown))
    measured = [r for r in results.runtimes if any(cells.get(r) and cells[r].values for _, _, cells in shown)]
    direction = directions(metrics, BASELINE in measured)
    heading = title or results.title
    y = 8.0
    for line in wrap(heading, 17, width - 24):
        y += 22
        drawing.text(12, y, line, 17, weight="bold")
    for line in wrap(direction, 12, width - 24):
        y += 18
        drawing.text(12, y, line, 12, "#555")
    y += 12
    columns = 1 if width < 600 or len(shown) < 4 else 2
    room = (width - 24 - (columns - 1) * 24) / columns
    scales = {metric: Scale([v for _, m, cells in shown if m == metric for cell in cells.values() for v in cell.values],
                            True) for metric in metrics if metric.logarithmic}
    heights = [HEADING + len(measured) * (BAR + GAP) + (14 if metric.logarithmic else 0) + 8 for _, metric, _ in shown]
    beside = max(width_of(value_of(metric, cells, r), 11) for _, metric, cells in shown for r in measured) + 8
    per_column = math.ceil(len(shown) / columns)
    bottom = y
    for column in range(columns):
        here = y
        for index in range(column * per_column, min(len(shown), (column + 1) * per_column)):
            panel(drawing, shown[index], results, measured, 12 + column * (room + 24), here, room, beside, scales)
            here += heights[index]
        bottom = max(bottom, here)
    y = bottom + 4
    absent = [(f"{title_of(r)}: {results.absence(r) or 'no such figure'}", "#a33") for r in results.runtimes if r not in measured]
    if any(cell.values and cell.note for _, _, cells in shown for cell in cells.values()):
        footer = f"About: rough, for the reason that the table of all figures gives. {footer}"
    for paragraph, colour in [*absent, (footer, "#666")]:
        for line in wrap(paragraph, 10, width - 24):
            y += 14
            drawing.text(12, y, line, 10, colour)
    drawing.height = y + 12
    return drawing.svg(f"{heading}: {direction}")


def directions(metrics, compared=True):
    """Which way is good, and what the axis is."""
    ways = {metric.lower_is_better for metric in metrics}
    way = "Mixed directions: see each figure" if len(ways) > 1 else (
        "Lower is better: short bars win" if ways.pop() else "Higher is better: long bars win")
    scale = "; logarithmic scale" if any(metric.logarithmic for metric in metrics) else ""
    return f"{way}{scale}." + (" The factor after a value is its ratio to runc." if compared else "")


def value_of(metric, cells, runtime):
    """What stands beside a bar: the value, and its ratio to runc."""
    cell = cells.get(runtime)
    if not cell or not cell.values:
        return ""
    ratio = ratio_of(cell, cells.get(BASELINE))
    # A figure with a remark, which the table has, is a rough one.
    return ("about " if cell.note else "") + scaled(cell.median, metric.unit) + (f"\u00a0\u00a0{times(ratio)}" if ratio and runtime != BASELINE else "")


def panel(drawing, what, results, measured, x, y, room, beside, scales):
    label, metric, cells = what
    gutter = min(130, max(width_of(title_of(r), 11) for r in measured) + 8)
    values = [cell.values for cell in cells.values() if cell.values]
    scale = scales.get(metric) or Scale([v for vs in values for v in vs], False)
    left, length = x + gutter, room - gutter - beside
    arrow = "" if len({m.lower_is_better for m in results.metrics.values() if m.plotted}) < 2 else (
        " (lower is better)" if metric.lower_is_better else " (higher is better)")
    drawing.text(x, y + 14, fit(label + arrow, 12, room), 12, weight="bold")
    y += HEADING
    for tick in scale.ticks():
        at = left + length * scale.part(tick)
        drawing.line(at, y, at, y + len(measured) * (BAR + GAP), "#ddd")
        drawing.text(at, y + len(measured) * (BAR + GAP) + 9, scaled(tick, metric.unit).replace(".00", "").replace(".0 ", " "),
                     9, "#777", "middle")
    palette = colours(results.runtimes)
    for runtime in measured:
        drawing.text(x, y + BAR - 3, fit(title_of(runtime), 11, gutter - 4), 11)
        cell = cells.get(runtime)
        if cell and cell.values:
            reach = length * scale.part(cell.median)
            drawing.box(left, y, reach, BAR, palette[runtime])
            if len(cell.values) > 1:
                whisker(drawing, left + length * scale.part(cell.low), left + length * scale.part(cell.high), y)
            edge = left + max(reach, length * scale.part(cell.high) if len(cell.values) > 1 else 0)
            drawing.text(edge + 6, y + BAR - 3, value_of(metric, cells, runtime), 11)
        else:
            why = (cell.note or (cell.dropped[-1] if cell.dropped else "")) if cell else "not run"
            drawing.text(left + 2, y + BAR - 3, fit(why, 10, room - gutter - 4), 10, "#a33")
        y += BAR + GAP
    return y


def whisker(drawing, low, high, y):
    middle = y + BAR / 2
    for colour, thick in (("#fff", 3.0), ("#111", 1.2)):
        drawing.line(low, middle, high, middle, colour, thick)
        drawing.line(low, middle - 3, low, middle + 3, colour, thick)
        drawing.line(high, middle - 3, high, middle + 3, colour, thick)


def png(svg_path, png_path):
    """Makes a PNG, at twice the size for dense displays; False if rsvg-convert is missing."""
    if not shutil.which("rsvg-convert"):
        return False
    return subprocess.call(["rsvg-convert", "--zoom", "2", "--output", png_path, svg_path]) == 0 and os.path.exists(png_path)
