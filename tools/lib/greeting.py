# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools/run says once all is up."""

import ipaddress

from run_options import LOOPBACK, has_tls, is_for_others


def _port_range(first, count):
    return str(first) if count == 1 else f"{first}-{first + count - 1}"


def firewall_lines(options):
    """Which ports others must reach, and which they must not."""
    media = _port_range(options.media_port, options.workers)
    prosody = ", ".join(str(port) for port in (
        options.c2s_port, options.component_port, options.prosody_http_port))
    return [
        f"Open to everybody: tcp {options.http_port} (page), udp {media} "
        "(media). Behind NAT forward the same numbers.",
        f"Keep closed: tcp {options.admin_port} (metrics), {prosody} "
        "(Prosody); they listen on loopback only.",
    ]


def _nat_lines(options, advertised):
    """Of media that nobody will find."""
    if options.public_address or options.host or not options.domain:
        return []
    if any(ipaddress.ip_address(address).is_global for address in advertised):
        return []
    return [f"Media is advertised at {', '.join(advertised)} only, which the "
            "Internet cannot reach: add --public-address IP if this is "
            "behind NAT."]


def _tls_lines(options, fingerprint):
    if fingerprint:
        return ["Browsers warn of the self-signed certificate. Its SHA-256 "
                "fingerprint, to be compared there:", fingerprint]
    if is_for_others(options) and not has_tls(options):
        return ["Browsers give camera and microphone to https:// pages only. "
                "Add --tls self-signed for a",
                "local network, else --domain NAME --tls-certificate FILE "
                "--tls-key FILE, or put a TLS proxy before it."]
    return []


def greeting(options, room, state, advertised, fingerprint):
    """The lines. `fingerprint`: of a self-signed certificate, or None."""
    lines = [
        f"Carillon is up. Open {room}",
        "Another word after the last slash is another room. Invite by "
        "sending the address.",
        *_tls_lines(options, fingerprint),
        *_nat_lines(options, advertised),
    ]
    if is_for_others(options):
        lines += firewall_lines(options)
    return ["", *lines,
            f"Metrics: http://{LOOPBACK}:{options.admin_port}/metrics  "
            f"State: {state}  Stop: Ctrl-C", ""]
