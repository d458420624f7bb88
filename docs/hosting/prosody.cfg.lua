-- SPDX-License-Identifier: GPL-3.0-or-later
-- What Prosody needs for Carillon: /etc/prosody/conf.d/carillon.cfg.lua,
-- readable by the user prosody only.
network_settings = { nagle = false }  -- 40 ms less for a lone join
-- The 10 kB/s of Debian's configuration hold calls back for seconds.
limits = { c2s = { rate = "1mb/s", burst = "2s" }, s2sin = { rate = "30kb/s" } }
-- WebSockets come through Carillon, from this machine.
consider_websocket_secure = true
http_default_host = "guest.example.org"

VirtualHost "guest.example.org"  -- the page's people, anonymous
  authentication = "anonymous"
  modules_enabled = { "websocket" }

Component "muc.example.org" "muc"  -- chat
  muc_room_locking = false
  -- For --paired_muc: Carillon sees who of the chat is who in the call. So do
  -- all in the chat, in rooms where the owner does not change it.
  muc_room_default_public_jids = true

Component "sfu.example.org"  -- Carillon itself (XEP-0114)
  component_secret = "PUT-A-SECRET-HERE"  -- of: openssl rand -hex 24
  component_conflict_resolve = "kick_old"  -- a restarted Carillon gets in
