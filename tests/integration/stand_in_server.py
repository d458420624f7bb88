#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the server in the test of tools/run: reads the same flags,
holds the component link, serves /readyz, and does nothing else. Exits with 3
if the file `refuse` lies beside it."""

import http.server
import os
import sys
import threading
import time

sys.path.insert(0, os.environ["CARILLON_INTEGRATION"])
import xmpp_wire  # noqa: E402

linked = threading.Event()


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if linked.is_set() else 503)
        self.end_headers()

    def log_message(self, *_):
        pass


def hold_link(flags):
    while True:
        try:
            with open(flags["component_secret_file"], encoding="ascii") as f:
                secret = f.read().strip()
            with xmpp_wire.Component(int(flags["component_port"]),
                                     flags["component"], secret) as link:
                linked.set()
                link.wait_for_end()
        except OSError:
            pass
        linked.clear()
        time.sleep(0.05)


def main():
    if os.path.exists(os.path.join(os.path.dirname(__file__), "refuse")):
        print("no room at the inn", flush=True)
        return 3
    flag_file = sys.argv[1].partition("=")[2]
    with open(flag_file, encoding="utf-8") as lines:
        flags = dict(line.strip()[2:].split("=", 1) for line in lines)
    print("stand-in started", *sys.argv[2:], flush=True)
    threading.Thread(target=hold_link, args=(flags,), daemon=True).start()
    address, port = flags["admin_listen"].rsplit(":", 1)
    http.server.ThreadingHTTPServer.allow_reuse_address = True
    http.server.ThreadingHTTPServer((address, int(port)),
                                    Site).serve_forever()


sys.exit(main())
