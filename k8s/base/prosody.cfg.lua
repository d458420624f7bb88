-- SPDX-License-Identifier: GPL-3.0-or-later
-- Prosody in Carillon's pod: what tools/run writes (tools/lib/prosody_config.py;
-- tests/integration/k8s_test.py compares) without accounts and without a port
-- for clients. Only the pod reaches it; pages come through Carillon.
local domain = os.getenv("CARILLON_DOMAIN")
data_path = "/var/lib/prosody"
pidfile = "/var/lib/prosody/prosody.pid"
admin_socket = "/var/lib/prosody/prosody.sock"
certificates = "/var/lib/prosody"  -- none: a folder without is no error
storage = "internal"
log = { { levels = { min = "info" }; to = "console" } }

network_backend = "epoll"
-- Nagle's algorithm holds a lone stanza back for about 40 ms.
network_settings = { nagle = false }
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { }
c2s_direct_tls_ports = { }
s2s_ports = { }
component_ports = { 5347 }
component_interfaces = { "127.0.0.1" }
http_ports = { 5280 }
http_interfaces = { "127.0.0.1" }
https_ports = { }
http_default_host = "guest." .. domain
consider_websocket_secure = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = false

modules_enabled = {
  "roster"; "saslauth"; "disco"; "ping"; "pep"; "carbons"; "blocklist";
  "private"; "vcard4"; "vcard_legacy"; "smacks"; "time"; "version";
  "websocket"; "limits"; "admin_shell";
}
modules_disabled = { "s2s"; "s2s_auth_certs"; "tls" }
-- Debian's 10 kB/s would hold a Jingle offer (10 to 70 kB) back for seconds.
limits = { c2s = { rate = "1mb/s", burst = "2s" } }

VirtualHost("guest." .. domain)
  authentication = "anonymous"
  allow_anonymous_s2s = false
  disco_items = {
    { "sfu." .. domain, "Conferences" }, { "muc." .. domain, "Chat" }
  }

Component("muc." .. domain)("muc")
  name = "Chat of the conferences"
  muc_room_locking = false
  muc_room_default_public_jids = true
  muc_room_cache_size = 1000

Component("sfu." .. domain)
  component_secret = io.open("/etc/carillon-secrets/component_secret"):read("l")
  -- Let a restarted Carillon replace its own half-dead stream.
  component_conflict_resolve = "kick_old"
  modules_enabled = { }
