# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of the private Prosody that tools/run starts."""

import os

ACCOUNTS_DOMAIN = "localhost"
GUEST_DOMAIN = "guest.localhost"
COMPONENT = "sfu.localhost"
MUC = "muc.localhost"


def lua_string(text):
    """`text` as a Lua string literal."""
    escaped = "".join(
        char if " " <= char <= "~" and char not in '"\\'
        else "".join(f"\\{byte:03d}" for byte in char.encode())
        for char in str(text))
    return f'"{escaped}"'


def prosody_config(directory, c2s_port, component_port, http_port, secret,
                   certificate=None, key=None):
    """The text of prosody.cfg.lua.

    Everything is kept beneath `directory` and everything listens on 127.0.0.1
    only, so TLS is left out unless the files `certificate` and `key` are given:
    pages reach Prosody through Carillon's listener.
    """
    path = lambda name: lua_string(os.path.join(directory, name))
    no_tls, with_tls, files = '; "tls"', "", ""
    if certificate:
        no_tls, with_tls = "", '"tls"; '
        files = (f"ssl = {{ certificate = {lua_string(certificate)}; "
                 f"key = {lua_string(key)} }}")
    return f"""\
-- SPDX-License-Identifier: GPL-3.0-or-later
-- Written by tools/run at each start; changes are lost.
run_as_root = {"true" if os.geteuid() == 0 else "false"}
data_path = {path("data")}
pidfile = {path("prosody.pid")}
admin_socket = {path("prosody.sock")}
storage = "internal"
log = {{ {{ levels = {{ min = "info" }}; to = "console" }} }}

network_backend = "epoll"
-- Nagle's algorithm holds a lone stanza back for about 40 ms.
network_settings = {{ nagle = false }}
interfaces = {{ "127.0.0.1" }}
local_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s_port} }}
c2s_direct_tls_ports = {{ }}
s2s_ports = {{ }}
component_ports = {{ {component_port} }}
component_interfaces = {{ "127.0.0.1" }}
http_ports = {{ {http_port} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{ }}
http_default_host = {lua_string(GUEST_DOMAIN)}
consider_websocket_secure = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = false

modules_enabled = {{
  "roster"; "saslauth"; "disco"; "ping"; "pep"; "carbons"; "blocklist";
  "private"; "vcard4"; "vcard_legacy"; "smacks"; "time"; "version";
  "websocket"; "limits"; "admin_shell"; {with_tls}
}}
modules_disabled = {{ "s2s"; "s2s_auth_certs"{no_tls} }}
{files}
-- Debian's 10 kB/s would hold a Jingle offer (10 to 70 kB) back for seconds.
limits = {{ c2s = {{ rate = "1mb/s", burst = "2s" }} }}

VirtualHost {lua_string(ACCOUNTS_DOMAIN)}
  authentication = "internal_hashed"
  disco_items = {{ {{ {lua_string(COMPONENT)}, "Conferences" }} }}

VirtualHost {lua_string(GUEST_DOMAIN)}
  authentication = "anonymous"
  allow_anonymous_s2s = false
  disco_items = {{
    {{ {lua_string(COMPONENT)}, "Conferences" }}, {{ {lua_string(MUC)}, "Chat" }}
  }}

Component {lua_string(MUC)} "muc"
  name = "Chat of the conferences"
  muc_room_locking = false
  muc_room_default_public_jids = true
  muc_room_cache_size = 1000

Component {lua_string(COMPONENT)}
  component_secret = {lua_string(secret)}
  -- Let a restarted Carillon replace its own half-dead stream.
  component_conflict_resolve = "kick_old"
  modules_enabled = {{ }}
"""
