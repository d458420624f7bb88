// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/doctor/checks_xmpp.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

namespace sfu {
namespace {

constexpr char kComponent[] = "component";
constexpr char kWebSocket[] = "websocket";
constexpr char kServer[] = "server";

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string Url(const Config& config) {
  return "ws://" + ToString(config.xmpp_websocket) + config.xmpp_websocket_path;
}

bool Offers(const GuestFacts& facts, const char* mechanism) {
  return std::find(facts.mechanisms.begin(), facts.mechanisms.end(),
                   mechanism) != facts.mechanisms.end();
}

Finding JudgeLogin(const Config& config, const GuestFacts& facts) {
  const std::string& domain = config.guest_domain;
  if (facts.mechanisms.empty()) {
    return Failed(kWebSocket,
                  domain + " offers no login at all (" + facts.error + ")",
                  "let the XMPP server take this path as secure; Prosody: "
                  "consider_websocket_secure = true");
  }
  if (!Offers(facts, "ANONYMOUS")) {
    return Failed(kWebSocket,
                  absl::StrCat(domain, " offers no anonymous login, but ",
                               absl::StrJoin(facts.mechanisms, ", ")),
                  "Prosody: authentication = \"anonymous\" in VirtualHost \"" +
                      domain +
                      "\"; ejabberd: auth_method: anonymous and "
                      "anonymous_protocol: sasl_anon; or correct "
                      "--guest_domain");
  }
  return Failed(kWebSocket,
                domain + " refuses an anonymous login: " + facts.error,
                "see the XMPP server's log");
}

Finding JudgeMuc(const Config& config, const GuestFacts& facts) {
  if (!facts.muc_error.empty()) {
    return Failed(
        "muc",
        absl::StrCat(config.muc, " answers guests with ", facts.muc_error),
        "Prosody: Component \"" + config.muc +
            "\" \"muc\" beside the VirtualHost of the guests; "
            "ejabberd: mod_muc with host: " +
            config.muc + "; or correct --muc");
  }
  if (!facts.muc_is_conference) {
    return Failed("muc", config.muc + " is there, but holds no chat rooms",
                  "correct --muc to the domain of the XMPP server's rooms");
  }
  return Ok("muc", config.muc + " answers guests");
}

}  // namespace

Finding JudgeComponent(const Config& config, const ComponentFacts& facts) {
  const std::string where = ToString(config.component_server);
  const std::string& domain = config.component;
  if (facts.ready) {
    return Ok(kComponent, where + " accepts " + domain + " and its secret");
  }
  if (!facts.connected) {
    return Failed(kComponent, where + ": " + facts.error,
                  "start the XMPP server; if it runs, make it listen there "
                  "(Prosody: component_ports, component_interfaces; ejabberd: "
                  "a listener of ejabberd_service) or correct "
                  "--component_host and --component_port");
  }
  if (absl::StrContains(facts.error, "not-authorized")) {
    return Failed(kComponent, where + " refuses the secret of " + domain,
                  "write the same one into the file of "
                  "--component_secret_file and into the XMPP server's "
                  "configuration (Prosody: component_secret; ejabberd: "
                  "password), and reload that");
  }
  if (absl::StrContains(facts.error, "host-unknown")) {
    return Failed(kComponent, where + " knows no component " + domain,
                  "Prosody: Component \"" + domain +
                      "\" with a component_secret; ejabberd: " + domain +
                      " in the hosts of ejabberd_service; or correct "
                      "--component");
  }
  if (absl::StrContains(facts.error, "conflict")) {
    return Failed(kComponent, where + " has a link of " + domain + " already",
                  "end the other server that holds it; Prosody: "
                  "component_conflict_resolve = \"kick_old\" lets a restarted "
                  "one in at once");
  }
  return Failed(kComponent, where + ": " + facts.error,
                "see whether that is the port for components (XEP-0114), and "
                "the XMPP server's log");
}

std::vector<Finding> JudgeGuest(const Config& config, const GuestFacts& facts) {
  using Step = GuestFacts::Step;
  const std::string url = Url(config);
  switch (facts.step) {
    case Step::kNothing:
      return {Failed(kWebSocket, url + ": " + facts.error,
                     "start the XMPP server; Prosody: http_ports and "
                     "http_interfaces; or correct --xmpp_websocket")};
    case Step::kConnected:
      if (facts.http_status == 0) {
        return {Failed(kWebSocket, url + ": " + facts.error,
                       "see whether that is the XMPP server's port for plain "
                       "HTTP, and correct --xmpp_websocket")};
      }
      return {Failed(
          kWebSocket,
          absl::StrCat(url, ": HTTP status ", facts.http_status,
                       " and no WebSocket"),
          "Prosody: \"websocket\" in modules_enabled, and http_default_host = "
          "\"" +
              config.guest_domain +
              "\" so that it answers whatever the host is called; ejabberd: "
              "ejabberd_http_ws in request_handlers; or correct the path of "
              "--xmpp_websocket")};
    case Step::kWebSocket:
      return {Failed(kWebSocket,
                     url + " has no stream for " + config.guest_domain + ": " +
                         facts.error,
                     "Prosody: VirtualHost \"" + config.guest_domain +
                         "\"; ejabberd: the domain in hosts; or correct "
                         "--guest_domain")};
    case Step::kStream:
      return {JudgeLogin(config, facts)};
    case Step::kLoggedIn:
      return {Ok(kWebSocket,
                 url + " logs guests of " + config.guest_domain + " in"),
              JudgeMuc(config, facts)};
  }
  return {};
}

bool LacksComponentLink(const ServerFacts& facts) {
  return facts.is_carillon && facts.ready_status != 200 &&
         absl::StrContains(facts.ready_text, "XMPP");
}

std::optional<Finding> JudgeServer(const Config& config,
                                   const ServerFacts& facts) {
  const std::string where =
      ToString(Endpoint{config.admin_listen_ip, config.admin_port});
  if (!facts.answered) return {};
  if (!facts.is_carillon) {
    return Failed(kServer, "another program answers at " + where,
                  "end it or choose another --admin_listen");
  }
  if (facts.health_status != 200) {
    return Failed(kServer,
                  "runs, but is not well: " + FirstLine(facts.health_text),
                  "restart it, and report what its log said before");
  }
  if (LacksComponentLink(facts)) {
    return Failed(kServer, "runs, but " + FirstLine(facts.ready_text),
                  "see component below");
  }
  if (facts.ready_status != 200) {
    return Warning(kServer,
                   "runs, but takes nobody in: " + FirstLine(facts.ready_text),
                   "if it is not meant to stop, restart it");
  }
  return Ok(kServer, "runs and is ready, by " + where +
                         "; its ports and its XMPP link were left alone");
}

}  // namespace sfu
