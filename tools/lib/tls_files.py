# SPDX-License-Identifier: GPL-3.0-or-later
"""A self-signed certificate for tools/run, kept between runs."""

import hashlib
import ipaddress
import os
import ssl
import subprocess

DAYS = 800  # Apple's browsers take no more than 825
RENEW_SECONDS = 30 * 24 * 3600


def _alternative_name(name):
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"


def _is_good_for(certificate, key, names_file, names):
    """Whether the files are there, cover `names` and stay valid."""
    try:
        with open(names_file, encoding="utf-8") as lines:
            covered = set(lines.read().split())
    except OSError:
        return False
    return (set(names) <= covered and os.path.isfile(key)
            and subprocess.run(
                ["openssl", "x509", "-noout", "-in", certificate,
                 "-checkend", str(RENEW_SECONDS)],
                stdin=subprocess.DEVNULL, capture_output=True,
                check=False).returncode == 0)


def self_signed(directory, names):
    """Paths of a certificate for `names` and of its key, made if need be.

    Raises OSError with a text for the operator.
    """
    os.makedirs(directory, mode=0o700, exist_ok=True)
    certificate, key, names_file = (
        os.path.join(directory, name)
        for name in ("certificate.pem", "key.pem", "names"))
    if not _is_good_for(certificate, key, names_file, names):
        if os.path.exists(names_file):
            os.unlink(names_file)  # tells that the other two are whole
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec",
             "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-sha256",
             "-days", str(DAYS), "-subj", "/CN=Carillon",
             "-addext", "subjectAltName=" + ",".join(
                 map(_alternative_name, names)),
             "-addext", "basicConstraints=critical,CA:FALSE",
             "-addext", "extendedKeyUsage=serverAuth",
             "-keyout", key, "-out", certificate],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)
        if made.returncode != 0:
            raise OSError("openssl makes no certificate: "
                          + " ".join(made.stderr.split()))
        with open(names_file, "w", encoding="utf-8") as file:
            file.write("\n".join(names) + "\n")
    return certificate, key


def fingerprint(certificate):
    """SHA-256 of the first certificate in the file, as browsers show it."""
    with open(certificate, encoding="ascii") as file:
        der = ssl.PEM_cert_to_DER_cert(file.read())
    return hashlib.sha256(der).digest().hex(":").upper()
