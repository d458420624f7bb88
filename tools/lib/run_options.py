# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of tools/run, checked and completed."""

import argparse
import ipaddress
import os
import re
import sys

import ports

LOOPBACK = "127.0.0.1"


def port_number(text):
    port = int(text)
    if not 1 <= port <= 65535:
        raise ValueError
    return port


port_number.__name__ = "port (1 to 65535)"


def ip_address(text):
    return str(ipaddress.ip_address(text))


ip_address.__name__ = "IP address"


def domain_name(text):
    label = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
    if len(text) > 253 or not re.fullmatch(rf"{label}(\.{label})*",
                                           text.lower()):
        raise ValueError
    return text.lower()


domain_name.__name__ = "domain name"


class OneLineParser(argparse.ArgumentParser):
    """One whose complaints are one line."""

    def error(self, message):
        print(f"{self.prog}: {message}; see --help", file=sys.stderr)
        sys.exit(1)


def parse_options(argv):
    parser = OneLineParser(prog="tools/run", allow_abbrev=False,
                           add_help=False)
    parser.add_argument("--state", required=True)
    parser.add_argument("--build-dir", required=True)
    parser.add_argument("--page-dir", required=True)
    parser.add_argument("--port-base", type=port_number)
    parser.add_argument("--http-port", type=port_number)
    parser.add_argument("--admin-port", type=port_number)
    parser.add_argument("--media-port", type=port_number)
    parser.add_argument("--prosody-port-base", type=port_number)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--host", type=ip_address)
    parser.add_argument("--public-address", type=ip_address)
    parser.add_argument("--domain", type=domain_name)
    parser.add_argument("--tls", choices=["self-signed"])
    parser.add_argument("--tls-certificate", type=os.path.abspath)
    parser.add_argument("--tls-key", type=os.path.abspath)
    parser.add_argument("--xmpp-certificate", type=os.path.abspath)
    parser.add_argument("--xmpp-key", type=os.path.abspath)
    parser.add_argument("--room", default="lobby")
    parser.add_argument("server_flags", nargs="*")
    options = parser.parse_args(argv)
    if not 1 <= options.workers <= 64:
        parser.error("--workers takes 1 to 64")
    if bool(options.tls_certificate) != bool(options.tls_key):
        parser.error("--tls-certificate and --tls-key go together")
    if bool(options.xmpp_certificate) != bool(options.xmpp_key):
        parser.error("--xmpp-certificate and --xmpp-key go together")
    if options.tls and options.tls_key:
        parser.error("give either --tls self-signed or the files of a "
                     "certificate")
    if (options.public_address and options.host
            and ipaddress.ip_address(options.host).is_loopback):
        parser.error(f"--host {options.host} is for this machine alone, so "
                     "--public-address leads nowhere")
    base = options.port_base
    options.http_port = options.http_port or base or 8080
    options.admin_port = options.admin_port or (base + 1 if base else 8081)
    options.media_port = options.media_port or (base + 10 if base else 10000)
    prosody = options.prosody_port_base or (base + 2 if base else None)
    (options.c2s_port, options.component_port, options.prosody_http_port) = (
        (prosody, prosody + 1, prosody + 2) if prosody
        else (5222, 5347, 5280))
    if max(options.media_port + options.workers - 1, options.admin_port,
           options.prosody_http_port) > 65535:
        parser.error("the ports go beyond 65535")
    return options


def is_for_others(options):
    """Whether people on other machines are to open the page."""
    return bool(options.domain or options.public_address or (
        options.host and not ipaddress.ip_address(options.host).is_loopback))


def has_tls(options):
    return bool(options.tls or options.tls_key)


def page_name(options):
    """By which name or address the page is opened."""
    return (options.domain or options.public_address or options.host
            or LOOPBACK)


def certificate_names(options):
    """All names by which the page may be opened, for a certificate."""
    names = [options.domain, options.public_address, options.host,
             *ports.own_addresses(), LOOPBACK, "localhost"]
    return list(dict.fromkeys(name for name in names if name))


def choose_addresses(options):
    """Where the page listens, where media listens, what media advertises."""
    host = options.host
    if host and ipaddress.ip_address(host).is_loopback:
        return host, host, [host]
    # Behind 1:1 NAT packets come to another address than the public one.
    named = [name for name in (options.public_address, host) if name]
    if not named:
        own = ports.own_addresses()
        if options.domain:
            return "0.0.0.0", "0.0.0.0", own or [LOOPBACK]
        return LOOPBACK, "0.0.0.0", own + [LOOPBACK]
    everywhere = "::" if any(":" in name for name in named) else "0.0.0.0"
    if options.public_address or not ports.is_own(host):
        return everywhere, everywhere, named
    return host, everywhere, named
