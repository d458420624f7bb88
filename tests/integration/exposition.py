# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the text format of Prometheus, and watches which metrics move."""

import collections
import re
import threading
import urllib.error
import urllib.request

SAMPLE = re.compile(r"(\w+)(?:\{([^}]*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')


def parse(text):
    """{family: type} and {family: {labels: value}}, labels sorted pairs. Of a
    histogram only the count of observations is kept."""
    types, values = {}, collections.defaultdict(dict)
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            types[name] = kind
            continue
        match = SAMPLE.match(line)
        if line.startswith("#") or not match:
            continue
        name, labels, value = match.groups()
        if name not in types:
            name, _, part = name.rpartition("_")
            if part != "count":
                continue
        key = tuple(sorted(LABEL.findall(labels or "")))
        values[name][key] = float(value)
    return types, values


def total(series, labels):
    """The sum of a family's values that have these labels."""
    return sum(value for key, value in series.items()
               if labels.items() <= dict(key).items())


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


class Watch:
    """Scrapes again and again, in a thread, and remembers what moved."""

    INTERVAL = 0.2  # seconds

    def __init__(self, url):
        self._url = url
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.types, first = parse(fetch(url))
        # {(family, labels): (least, most)}
        self._seen = {(name, key): (value, value)
                      for name, series in first.items()
                      for key, value in series.items()}
        self.newest = first
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(self.INTERVAL):
            try:
                _, values = parse(fetch(self._url))
            except (OSError, urllib.error.URLError):
                continue
            with self._lock:
                self.newest = values
                for name, series in values.items():
                    for key, value in series.items():
                        least, most = self._seen.get((name, key),
                                                     (value, value))
                        self._seen[name, key] = (min(least, value),
                                                 max(most, value))

    def value(self, name, **labels):
        """The sum of the newest values that have these labels."""
        with self._lock:
            return total(self.newest.get(name, {}), labels)

    def moved(self, name, **labels):
        """Whether any series of `name` with these labels ever changed."""
        with self._lock:
            return any(least != most for (each, key), (least, most)
                       in self._seen.items()
                       if each == name and labels.items() <= dict(key).items())

    def labels(self, name, label):
        """All values of a label that were told."""
        with self._lock:
            return {dict(key)[label] for each, key in self._seen
                    if each == name}

    def stop(self):
        self._stop.set()
        self._thread.join()
