// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/config.h"

#include <absl/flags/flag.h>
#include <absl/flags/parse.h>
#include <absl/status/status.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <arpa/inet.h>
#include <sched.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "sfu/flag_arguments.h"
#include "sfu/room_policy_file.h"

ABSL_FLAG(std::string, component_host, "127.0.0.1",
          "Host of the XMPP server's component port (XEP-0114)");
ABSL_FLAG(int, component_port, 5347, "Component port of the XMPP server");
ABSL_FLAG(std::string, component, "sfu.localhost",
          "Domain of this server, as the XMPP server knows it");
ABSL_FLAG(std::string, component_secret_file, "",
          "File with the secret shared with the XMPP server; required");
ABSL_FLAG(bool, allow_remote_component, false,
          "Allow a component link beyond loopback, which is not encrypted");
ABSL_FLAG(std::string, guest_domain, "guest.localhost",
          "XMPP domain where the page logs in anonymously");
ABSL_FLAG(std::string, muc, "muc.localhost", "XMPP domain of the chat rooms");
ABSL_FLAG(bool, muji_facade, false,
          "Show clients with group calls (Dino) everybody of the room, each in "
          "a call of its own; experimental");
ABSL_FLAG(std::string, paired_muc, "",
          "auto: each room is tied to the chat room of its name, whose roles "
          "decide who may send; empty: to none");
ABSL_FLAG(std::string, xmpp_websocket, "ws://127.0.0.1:5280/xmpp-websocket",
          "Where the XMPP server takes WebSockets (RFC 7395)");
ABSL_FLAG(std::string, http_listen, "127.0.0.1:8080",
          "IP:port for the page and its XMPP stream; empty: none");
ABSL_FLAG(std::string, tls_certificate, "",
          "PEM file with the certificate of --http_listen and its chain; read "
          "again at SIGHUP; empty: plain HTTP");
ABSL_FLAG(std::string, tls_key, "", "PEM file with the certificate's key");
ABSL_FLAG(std::string, http_redirect_listen, "",
          "IP:port that sends browsers from http:// to https://; empty: none");
ABSL_FLAG(std::string, admin_listen, "127.0.0.1:8081",
          "IP:port for /metrics, /healthz, /readyz and /debug; empty: none");
ABSL_FLAG(std::string, admin_token_file, "",
          "File with the token that opens /debug; empty: /debug is closed");
ABSL_FLAG(std::string, page_dir, "", "Directory of the page; empty: no page");
ABSL_FLAG(std::string, media_address, "0.0.0.0",
          "IP to receive media on; :: takes IPv4 as well");
ABSL_FLAG(int, media_port, 10000,
          "UDP port of the first worker; the others follow");
ABSL_FLAG(std::string, advertise, "",
          "IPs by which clients reach the media ports, comma-separated, best "
          "first; empty: --media_address");
ABSL_FLAG(int, workers, 1, "Media threads, each with a UDP port; 1 to 64");
ABSL_FLAG(int, spread_after, 30,
          "People of one room on one worker; who comes later goes to the next");
ABSL_FLAG(std::string, cpus, "",
          "Processor of each worker, comma-separated; empty: not pinned");
ABSL_FLAG(int, max_participants_per_room, 100, "People in one room");
ABSL_FLAG(int, max_peers, 2000, "People on this server");
ABSL_FLAG(std::string, room_policy_file, "",
          "JSON file that says who may open and enter rooms and who moderates "
          "them; empty: everybody may, nobody does");
ABSL_FLAG(int, drain_timeout_s, 60,
          "Seconds that calls may go on after SIGTERM; 0: end them at once");
ABSL_FLAG(std::string, log_level, "info", "debug, info, warning or error");
ABSL_FLAG(bool, log_addresses, false,
          "Show IP addresses and JIDs in the log, which are personal data");

namespace sfu {
namespace {

constexpr size_t kMinSecretChars = 16;
constexpr size_t kMaxSecretFileBytes = 4096;
constexpr int kMaxWorkers = 64;

bool IsIpAddress(const std::string& text) {
  in6_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool IsLoopback(const std::string& host) {
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return ntohl(v4.s_addr) >> 24 == 127;
  }
  return host == "::1" || host == "localhost";
}

bool IsWildcard(const std::string& ip) { return ip == "0.0.0.0" || ip == "::"; }

// A domain name or IP, as far as a look can tell (RFC 7622 s3.2).
bool LooksLikeDomain(const std::string& text) {
  return !text.empty() && text.size() <= 1023 &&
         text.find_first_of("@/ \t\r\n'\"<>&") == std::string::npos;
}

std::optional<uint16_t> ParsePort(const std::string& text) {
  int port = -1;
  if (!absl::SimpleAtoi(text, &port) || port < 0 || port > 65535) return {};
  return static_cast<uint16_t>(port);
}

// "host:port" or "[IPv6]:port".
std::optional<Endpoint> ParseEndpoint(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {};
  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return {};
  }
  const std::optional<uint16_t> port = ParsePort(text.substr(colon + 1));
  if (!port || host.empty()) return {};
  return Endpoint{std::move(host), *port};
}

absl::Status CheckRange(std::string_view flag, int value, int low, int high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return RefuseFlag(flag, absl::StrCat(value, " is out of range"),
                    absl::StrCat("give ", low, " to ", high));
}

absl::Status CheckNumbers() {
  struct Range {
    std::string_view flag;
    int value;
    int low;
    int high;
  };
  const int workers = absl::GetFlag(FLAGS_workers);
  for (const Range& range : {
           Range{"component_port", absl::GetFlag(FLAGS_component_port), 1,
                 65535},
           Range{"workers", workers, 1, kMaxWorkers},
           Range{"media_port", absl::GetFlag(FLAGS_media_port), 1,
                 65536 - std::clamp(workers, 1, kMaxWorkers)},
           Range{"spread_after", absl::GetFlag(FLAGS_spread_after), 1, 1000},
           Range{"max_participants_per_room",
                 absl::GetFlag(FLAGS_max_participants_per_room), 1, 1000},
           Range{"max_peers", absl::GetFlag(FLAGS_max_peers), 1, 100'000},
           Range{"drain_timeout_s", absl::GetFlag(FLAGS_drain_timeout_s), 0,
                 86'400},
       }) {
    const absl::Status status =
        CheckRange(range.flag, range.value, range.low, range.high);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// A secret alone in a file, for the flag `flag`.
absl::Status ReadSecretFile(std::string_view flag, const std::string& path,
                            std::string* to) {
  std::ifstream file(path, std::ios::binary);
  std::string secret(kMaxSecretFileBytes + 1, '\0');
  if (file)
    file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  if (file.bad() || !file.is_open() || file.gcount() == 0) {
    return RefuseFlag(
        flag, "cannot read " + path,
        "check the path, its permissions and that it is not empty");
  }
  secret.resize(static_cast<size_t>(file.gcount()));
  secret.erase(secret.find_last_not_of(" \t\r\n") + 1);
  if (secret.size() > kMaxSecretFileBytes ||
      secret.find_first_of(std::string_view("\n\0", 2)) != std::string::npos) {
    return RefuseFlag(flag, path + " holds more than one line",
                      "put the secret alone into the file");
  }
  if (secret.size() < kMinSecretChars) {
    return RefuseFlag(
        flag, "the secret is too short",
        absl::StrCat("use at least ", kMinSecretChars,
                     " characters, such as of: openssl rand -hex 24"));
  }
  *to = std::move(secret);
  return absl::OkStatus();
}

absl::Status ReadSecret(Config* config) {
  constexpr std::string_view kFlag = "component_secret_file";
  const std::string path = absl::GetFlag(FLAGS_component_secret_file);
  if (path.empty()) {
    return RefuseFlag(
        kFlag, "is required",
        "name a file that holds the XMPP server's component_secret");
  }
  return ReadSecretFile(kFlag, path, &config->component_secret);
}

absl::Status ReadAdminToken(Config* config) {
  const std::string path = absl::GetFlag(FLAGS_admin_token_file);
  if (path.empty()) return absl::OkStatus();
  return ReadSecretFile("admin_token_file", path, &config->admin_token);
}

absl::Status ReadXmpp(Config* config) {
  config->component_server =
      Endpoint{absl::GetFlag(FLAGS_component_host),
               static_cast<uint16_t>(absl::GetFlag(FLAGS_component_port))};
  if (!IsLoopback(config->component_server.host) &&
      !absl::GetFlag(FLAGS_allow_remote_component)) {
    return RefuseFlag("component_host",
                      "'" + config->component_server.host +
                          "' is not loopback and "
                          "a component link is not encrypted",
                      "run beside the XMPP server, or protect the path and add "
                      "--allow_remote_component");
  }
  struct Domain {
    std::string_view flag;
    std::string value;
    std::string* to;
  };
  for (const Domain& domain :
       {Domain{"component_host", config->component_server.host, nullptr},
        Domain{"component", absl::GetFlag(FLAGS_component), &config->component},
        Domain{"guest_domain", absl::GetFlag(FLAGS_guest_domain),
               &config->guest_domain},
        Domain{"muc", absl::GetFlag(FLAGS_muc), &config->muc}}) {
    if (!LooksLikeDomain(domain.value)) {
      return RefuseFlag(domain.flag, "'" + domain.value + "' is no domain",
                        "give a name such as sfu.example.org");
    }
    if (domain.to != nullptr) *domain.to = domain.value;
  }
  config->muji_facade = absl::GetFlag(FLAGS_muji_facade);
  config->paired_muc = absl::GetFlag(FLAGS_paired_muc);
  if (!config->paired_muc.empty() && config->paired_muc != "auto") {
    return RefuseFlag("paired_muc", "'" + config->paired_muc + "' is no choice",
                      "write auto, or nothing for none");
  }
  const std::string url = absl::GetFlag(FLAGS_xmpp_websocket);
  constexpr std::string_view kScheme = "ws://";
  const size_t slash = url.find('/', kScheme.size());
  const std::optional<Endpoint> server =
      url.starts_with(kScheme) && slash != std::string::npos
          ? ParseEndpoint(url.substr(kScheme.size(), slash - kScheme.size()))
          : std::nullopt;
  if (!server || server->port == 0 ||
      url.find_first_of(" \t\r\n") != std::string::npos) {
    return RefuseFlag("xmpp_websocket", "'" + url + "' is no such address",
                      "write ws://host:port/path");
  }
  config->xmpp_websocket = *server;
  config->xmpp_websocket_path = url.substr(slash);
  return ReadSecret(config);
}

absl::Status ReadListener(std::string_view flag, const std::string& value,
                          std::string* ip, uint16_t* port) {
  if (value.empty()) return absl::OkStatus();
  const std::optional<Endpoint> listen = ParseEndpoint(value);
  if (!listen || !IsIpAddress(listen->host)) {
    return RefuseFlag(
        flag, "'" + value + "' is no IP address and port",
        "write 127.0.0.1:8080 or [::1]:8080, or nothing for none");
  }
  *ip = listen->host;
  *port = listen->port;
  return absl::OkStatus();
}

absl::Status ReadTls(Config* config) {
  config->tls_certificate = absl::GetFlag(FLAGS_tls_certificate);
  config->tls_key = absl::GetFlag(FLAGS_tls_key);
  const bool tls = !config->tls_certificate.empty();
  if (tls != !config->tls_key.empty()) {
    return RefuseFlag(tls ? "tls_key" : "tls_certificate",
                      "is required where the other one is given",
                      "name both --tls_certificate and --tls_key, or neither");
  }
  absl::Status status = ReadListener(
      "http_redirect_listen", absl::GetFlag(FLAGS_http_redirect_listen),
      &config->http_redirect_ip, &config->http_redirect_port);
  if (status.ok() && !config->http_redirect_ip.empty() &&
      (!tls || config->http_listen_ip.empty())) {
    return RefuseFlag("http_redirect_listen", "there is no https:// to send to",
                      "give --http_listen, --tls_certificate and --tls_key as "
                      "well");
  }
  return status;
}

absl::Status ReadAddresses(Config* config) {
  config->media_address = absl::GetFlag(FLAGS_media_address);
  if (!IsIpAddress(config->media_address)) {
    return RefuseFlag("media_address",
                      "'" + config->media_address + "' is no IP address",
                      "write one of this machine, or 0.0.0.0 for all");
  }
  const std::string advertise = absl::GetFlag(FLAGS_advertise);
  for (absl::string_view ip :
       absl::StrSplit(advertise, ',', absl::SkipWhitespace())) {
    config->advertise.emplace_back(absl::StripAsciiWhitespace(ip));
  }
  if (config->advertise.empty()) {
    if (IsWildcard(config->media_address)) {
      return RefuseFlag(
          "advertise",
          "is required with --media_address=" + config->media_address,
          "name the IP addresses by which clients reach this server");
    }
    config->advertise.push_back(config->media_address);
  }
  for (const std::string& ip : config->advertise) {
    if (!IsIpAddress(ip) || IsWildcard(ip)) {
      return RefuseFlag("advertise", "'" + ip + "' is no IP address of a host",
                        "write addresses, not names, with commas between them");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadCpus(Config* config) {
  const std::string text = absl::GetFlag(FLAGS_cpus);
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof(allowed), &allowed);
  for (absl::string_view word :
       absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    int cpu = -1;
    if (!absl::SimpleAtoi(word, &cpu) || cpu < 0 || cpu >= CPU_SETSIZE ||
        !CPU_ISSET(static_cast<size_t>(cpu), &allowed)) {
      return RefuseFlag("cpus",
                        absl::StrCat("'", word, "' is no processor of ours"),
                        "write numbers of those that this process may use");
    }
    config->cpus.push_back(cpu);
  }
  if (!config->cpus.empty() && config->cpus.size() != config->workers) {
    return RefuseFlag("cpus",
                      absl::StrCat("names ", config->cpus.size(), " for ",
                                   config->workers, " workers"),
                      "give one for each, or none at all");
  }
  return absl::OkStatus();
}

absl::Status ReadRoomPolicy(Config* config) {
  const std::string path = absl::GetFlag(FLAGS_room_policy_file);
  if (path.empty()) return absl::OkStatus();
  absl::StatusOr<signaling::ServerPolicy> policy = ReadRoomPolicyFile(path);
  if (!policy.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--room_policy_file: ", policy.status().message()));
  }
  config->room_policy = *std::move(policy);
  return absl::OkStatus();
}

absl::Status ReadLogging(Config* config) {
  const std::string level = absl::GetFlag(FLAGS_log_level);
  config->log_addresses = absl::GetFlag(FLAGS_log_addresses);
  if (level == "debug") {
    config->log_level = LogLevel::kDebug;
  } else if (level == "info") {
    config->log_level = LogLevel::kInfo;
  } else if (level == "warning") {
    config->log_level = LogLevel::kWarning;
  } else if (level == "error") {
    config->log_level = LogLevel::kError;
  } else {
    return RefuseFlag("log_level", "'" + level + "' is no level",
                      "write debug, info, warning or error");
  }
  return absl::OkStatus();
}

}  // namespace

std::string ToString(const Endpoint& endpoint) {
  const bool ipv6 = endpoint.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
         std::to_string(endpoint.port);
}

absl::StatusOr<Config> ParseConfig(int argc, char** argv) {
  absl::Status status =
      CheckArguments(std::vector<std::string>(argv + 1, argv + argc));
  if (!status.ok()) return status;
  absl::ParseCommandLine(argc, argv);
  Config config;
  status = CheckNumbers();
  if (status.ok()) status = ReadXmpp(&config);
  if (status.ok()) {
    status = ReadListener("http_listen", absl::GetFlag(FLAGS_http_listen),
                          &config.http_listen_ip, &config.http_port);
  }
  if (status.ok()) {
    status = ReadListener("admin_listen", absl::GetFlag(FLAGS_admin_listen),
                          &config.admin_listen_ip, &config.admin_port);
  }
  if (status.ok()) status = ReadAdminToken(&config);
  if (status.ok()) status = ReadTls(&config);
  if (status.ok()) status = ReadAddresses(&config);
  config.workers = static_cast<size_t>(absl::GetFlag(FLAGS_workers));
  config.spread_after = static_cast<size_t>(absl::GetFlag(FLAGS_spread_after));
  if (status.ok()) status = ReadCpus(&config);
  if (status.ok()) status = ReadRoomPolicy(&config);
  if (status.ok()) status = ReadLogging(&config);
  if (!status.ok()) return status;
  config.page_dir = absl::GetFlag(FLAGS_page_dir);
  config.media_port = static_cast<uint16_t>(absl::GetFlag(FLAGS_media_port));
  config.max_participants_per_room =
      static_cast<size_t>(absl::GetFlag(FLAGS_max_participants_per_room));
  config.max_peers = static_cast<size_t>(absl::GetFlag(FLAGS_max_peers));
  config.drain_timeout =
      std::chrono::seconds(absl::GetFlag(FLAGS_drain_timeout_s));
  return config;
}

}  // namespace sfu
