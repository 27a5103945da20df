"""Numbers as people read them: three digits and a prefix."""


def scaled(value, unit):
    """A value with its unit, such as `4.61 µs`, `13.7 MB` or `12,300/s`."""
    if value is None:
        return "–"
    if value == 0 and unit in ("ns", "s"):
        return "0 s"
    if unit == "ns":
        return scaled(value / 1e9, "s")
    if unit == "s":
        for factor, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
            if abs(value) >= factor * 0.9995:
                return f"{digits(value / factor)} {name}"
        return f"{digits(value * 1e9)} ns"
    if unit in ("B", "B/s"):
        for factor, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
            if abs(value) >= factor * 0.9995:
                return f"{digits(value / factor)} {name}{unit[1:]}"
        return f"{digits(value)} {unit}"
    if unit == "bit/s":
        for factor, name in ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s")):
            if abs(value) >= factor * 0.9995:
                return f"{digits(value / factor)} {name}"
        return f"{digits(value)} bit/s"
    return f"{digits(value)}{'' if unit.startswith(('/', '%')) else ' '}{unit}"


def digits(value):
    """Three significant digits, thousands with commas, never an exponent."""
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 99.95:
        return f"{value:,.0f}"
    if size >= 9.995:
        return f"{value:.1f}"
    if size >= 0.9995:
        return f"{value:.2f}"
    return f"{value:.3g}" if size >= 1e-4 else f"{value:.1g}"


def times(ratio):
    """A ratio to runc: `1.00×`, `12×`."""
    if ratio is None:
        return ""
    if ratio < 0.095:
        return f"{ratio:.2g}×"
    return f"{ratio:,.0f}×" if ratio >= 9.95 else f"{ratio:.2f}×" if ratio < 0.995 or ratio < 2 else f"{ratio:.1f}×"


def span(seconds):
    """A length of time for progress: `45 s`, `12 min`, `1 h 05 min`."""
    seconds = max(0, int(round(seconds)))
    if seconds < 90:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
