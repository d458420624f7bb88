// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/control_loop.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <optional>
#include <utility>

#include "sfu/admin_site.h"
#include "sfu/debug_site.h"
#include "sfu/http_server.h"
#include "sfu/https_redirect.h"
#include "sfu/log.h"
#include "sfu/media_controller.h"
#include "sfu/metrics_text.h"
#include "sfu/monotonic_clock.h"
#include "sfu/page_site.h"
#include "sfu/shutdown_plan.h"
#include "sfu/tls_renewal.h"
#include "sfu/wakeup.h"
#include "sfu/websocket_proxy.h"
#include "sfu/worker_links.h"
#include "sfu/xmpp_socket.h"
#include "signaling/focus.h"

namespace sfu {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr size_t kAdminConnections = 64;
constexpr size_t kRedirectConnections = 64;
// What the XMPP server said last goes to pages through us.
constexpr rtp::TimeDelta kLastWords = std::chrono::milliseconds(200);

std::vector<WorkerLinks::Link> LinksOf(
    const std::vector<ControlLoop::Worker>& workers) {
  std::vector<WorkerLinks::Link> links;
  for (const ControlLoop::Worker& worker : workers) {
    links.push_back({worker.rings, worker.counters});
  }
  return links;
}

MediaController::Config MediaConfig(const Config& config,
                                    signaling::Fingerprint fingerprint) {
  MediaController::Config media;
  for (size_t i = 0; i < config.workers; ++i) {
    media.workers.push_back(
        {config.advertise, static_cast<uint16_t>(config.media_port + i)});
  }
  media.fingerprint = std::move(fingerprint);
  media.max_peers = config.max_peers;
  media.spread_after = config.spread_after;
  return media;
}

XmppSocket::Config XmppConfig(const Config& config) {
  XmppSocket::Config xmpp;
  xmpp.server = config.component_server;
  xmpp.domain = config.component;
  xmpp.secret = config.component_secret;
  return xmpp;
}

signaling::Focus::Config FocusConfig(const Config& config) {
  signaling::Focus::Config focus;
  focus.domain = config.component;
  focus.guest_domains = {config.guest_domain};
  focus.max_participants_per_room = config.max_participants_per_room;
  focus.muji_facade = config.muji_facade;
  focus.paired_muc = config.paired_muc;
  focus.muc_domain = config.muc;
  focus.policy = config.room_policy;
  return focus;
}

WebSocketProxy::Config ProxyConfig(const Config& config) {
  WebSocketProxy::Config proxy;
  proxy.upstream = config.xmpp_websocket;
  proxy.path = config.xmpp_websocket_path;
  return proxy;
}

}  // namespace

struct ControlLoop::Impl : XmppSocket::Observer {
  Impl(const Config& settings, std::vector<Worker> all_workers,
       signaling::Fingerprint fingerprint, StaticFiles page,
       std::unique_ptr<TlsContext> tls_context, rtp::RandomSource& random)
      : config(settings),
        workers(std::move(all_workers)),
        wakeup_wait(context, wakeup.fd()),
        timer(context),
        signals(context, SIGTERM, SIGINT),
        last_words(context),
        shutdown(config.drain_timeout),
        links(MonotonicNow(), LinksOf(workers)),
        controller(MediaConfig(config, std::move(fingerprint)), random, links),
        xmpp(context, XmppConfig(config), random, *this),
        focus(FocusConfig(config), random, controller, xmpp),
        page_site({config.guest_domain, config.component, config.muc},
                  std::move(page)),
        proxy(context, ProxyConfig(config)),
        tls(std::move(tls_context)),
        tls_renewal(context, tls.get()),
        admin_site({.metrics = [this] { return MetricsText(Snapshot()); },
                    .workers_turning =
                        [this] { return links.AllTurning(MonotonicNow()); },
                    .component_connected = [this] { return xmpp.up(); },
                    .draining = [this] { return shutdown.going_away(); }}),
        debug_site(config.admin_token, {.focus = &focus,
                                        .worker_of =
                                            [this](rtp::PeerId peer) {
                                              return controller.WorkerOf(peer);
                                            },
                                        .now = MonotonicNow}) {
    controller.set_observer(&focus);
    for (const Worker& worker : workers) {
      worker.rings->control_wakeup = &wakeup;
    }
  }
  ~Impl() override {
    wakeup_wait.release();  // the descriptor is the wake-up's
    for (const Worker& worker : workers) {
      worker.rings->control_wakeup = nullptr;
    }
  }

  std::string Open();
  void WaitForEvents();
  void WaitForSignal();
  // Opens `server`, and logs `event`. Returns an error text.
  std::string Listen(std::string_view event, const HttpServer::Config& http,
                     HttpServer::Site answer,
                     HttpServer::UpgradeHandler upgrade,
                     std::optional<HttpServer>& server);
  void EndSessions();
  void SayLastWords();
  void DrainEvents();
  // Before the focus ends its session.
  void LogFailure(const PeerFailed& failed) const;
  // After any input: sets the timer to the nearest deadline.
  void Rearm();
  void HandleTimeout();
  MetricsSnapshot Snapshot() const;

  // XmppSocket::Observer
  void OnXmppUp(rtp::Timestamp now) override {
    focus.OnXmppUp(now);
    Rearm();
  }
  void OnXmppDown(rtp::Timestamp now) override {
    focus.OnXmppDown(now);
    Rearm();
  }
  void OnXmppStanza(rtp::Timestamp now,
                    const signaling::Stanza& stanza) override {
    focus.HandleStanza(now, stanza);
    Rearm();
  }
  void OnXmppRejected(rtp::Timestamp now,
                      const signaling::RejectedStanza& stanza) override {
    focus.HandleRejected(now, stanza);
    Rearm();
  }

  const Config config;
  const std::vector<Worker> workers;
  const double start_time = SecondsSince1970();
  asio::io_context context{1};
  Wakeup wakeup;
  asio::posix::stream_descriptor wakeup_wait;
  asio::steady_timer timer;
  rtp::Timestamp timer_deadline = rtp::kNever;
  asio::signal_set signals;
  asio::steady_timer last_words;
  ShutdownPlan shutdown;

  WorkerLinks links;
  MediaController controller;
  XmppSocket xmpp;
  signaling::Focus focus;

  const PageSite page_site;
  WebSocketProxy proxy;
  const std::unique_ptr<TlsContext> tls;
  TlsRenewal tls_renewal;
  const AdminSite admin_site;
  const DebugSite debug_site;
  std::optional<HttpServer> public_http;
  std::optional<HttpServer> redirect_http;
  std::optional<HttpServer> admin_http;
};

std::string ControlLoop::Impl::Open() {
  std::string error;
  if (!config.http_listen_ip.empty()) {
    HttpServer::Config http;
    http.ip = config.http_listen_ip;
    http.port = config.http_port;
    http.flag = "http_listen";
    http.tls = tls.get();
    error = Listen(
        "http_open", http,
        [this](const HttpRequest& request) {
          return page_site.Handle(request);
        },
        [this](HttpServer::Upgraded connection) {
          proxy.Start(std::move(connection));
        },
        public_http);
  }
  if (error.empty() && !config.http_redirect_ip.empty()) {
    HttpServer::Config http;
    http.ip = config.http_redirect_ip;
    http.port = config.http_redirect_port;
    http.flag = "http_redirect_listen";
    http.max_connections = kRedirectConnections;
    error = Listen(
        "http_redirect_open", http,
        [this](const HttpRequest& request) {
          return RedirectToHttps(request, public_http->port());
        },
        nullptr, redirect_http);
  }
  if (error.empty() && !config.admin_listen_ip.empty()) {
    HttpServer::Config http;
    http.ip = config.admin_listen_ip;
    http.port = config.admin_port;
    http.flag = "admin_listen";
    http.max_connections = kAdminConnections;
    error = Listen(
        "admin_open", http,
        [this](const HttpRequest& request) {
          return DebugSite::IsFor(request.target) ? debug_site.Handle(request)
                                                  : admin_site.Handle(request);
        },
        nullptr, admin_http);
  }
  return error;
}

std::string ControlLoop::Impl::Listen(std::string_view event,
                                      const HttpServer::Config& http,
                                      HttpServer::Site answer,
                                      HttpServer::UpgradeHandler upgrade,
                                      std::optional<HttpServer>& server) {
  server.emplace(context, http, std::move(answer), std::move(upgrade));
  std::string error = server->Open();
  if (error.empty()) {
    SFU_LOG(kInfo, event)
        .With("tls", http.tls != nullptr)
        .With("port", server->port());
  }
  return error;
}

void ControlLoop::Impl::LogFailure(const PeerFailed& failed) const {
  for (const auto& [name, room] : focus.all_rooms()) {
    for (const auto& participant : room->participants) {
      if (participant->session->peer() != failed.peer) continue;
      SFU_LOG(kInfo, "participant_failed")
          .With("reason", signaling::kPeerFailures[static_cast<size_t>(
                              ToSignaling(failed.why))])
          .With("peer", failed.peer.value())
          .With("room", Redact(name))
          .With("jid", Redact(participant->jid.ToString()));
      return;
    }
  }
}

void ControlLoop::Impl::DrainEvents() {
  const rtp::Timestamp now = MonotonicNow();
  links.DrainEvents([this, now](const Event& event) {
    const auto* failed = std::get_if<PeerFailed>(&event);
    if (failed != nullptr) LogFailure(*failed);
    controller.HandleEvent(now, event);
  });
}

void ControlLoop::Impl::WaitForEvents() {
  wakeup.PrepareToSleep();
  DrainEvents();  // what came before workers could see that we sleep
  Rearm();
  wakeup_wait.async_wait(asio::posix::stream_descriptor::wait_read,
                         [this](const error_code& error) {
                           if (error) return;
                           wakeup.OnAwake();
                           WaitForEvents();
                         });
}

void ControlLoop::Impl::Rearm() {
  const rtp::Timestamp deadline =
      std::min({focus.NextDeadline(), links.NextDeadline(),
                shutdown.NextDeadline(focus.participants())});
  if (deadline == timer_deadline) return;
  timer_deadline = deadline;
  if (deadline == rtp::kNever) {
    timer.cancel();
    return;
  }
  const rtp::Timestamp now = MonotonicNow();
  timer.expires_after(deadline > now ? deadline - now : rtp::TimeDelta::zero());
  timer.async_wait([this](const error_code& error) {
    if (!error) HandleTimeout();  // else: moved to another deadline
  });
}

void ControlLoop::Impl::HandleTimeout() {
  timer_deadline = rtp::kNever;
  const rtp::Timestamp now = MonotonicNow();
  if (links.NextDeadline() <= now) {
    links.HandleTimeout(now);
    for (size_t i = 0; i < workers.size(); ++i) {
      controller.SetLoad(i, links.load(i));
    }
  }
  if (focus.NextDeadline() <= now) focus.HandleTimeout(now);
  if (const size_t left = focus.participants(); shutdown.TryEnd(now, left)) {
    SFU_LOG(kInfo, "drained").With("participants", left);
    EndSessions();
  }
  Rearm();
}

void ControlLoop::Impl::WaitForSignal() {
  signals.async_wait([this](const error_code& error, int signal) {
    if (error) return;
    using Signal = ShutdownPlan::Signal;
    switch (shutdown.HandleSignal(MonotonicNow(), signal == SIGTERM
                                                      ? Signal::kTerminate
                                                      : Signal::kInterrupt)) {
      case ShutdownPlan::Step::kServing:
        break;
      case ShutdownPlan::Step::kDraining:
        SFU_LOG(kInfo, "draining")
            .With("participants", focus.participants())
            .With("deadline_s", config.drain_timeout.count() / 1'000'000);
        focus.Drain();
        break;
      case ShutdownPlan::Step::kEnding:
        SFU_LOG(kInfo, "stopping").With("signal", signal);
        EndSessions();
        break;
      case ShutdownPlan::Step::kOver:
        return context.stop();
    }
    Rearm();
    WaitForSignal();
  });
}

void ControlLoop::Impl::EndSessions() {
  focus.Shutdown(MonotonicNow());
  xmpp.Stop([this] { SayLastWords(); });
}

void ControlLoop::Impl::SayLastWords() {
  if (proxy.streams() == 0) return context.stop();
  last_words.expires_after(kLastWords);
  last_words.async_wait([this](const error_code&) { context.stop(); });
}

MetricsSnapshot ControlLoop::Impl::Snapshot() const {
  MetricsSnapshot snapshot;
  for (size_t i = 0; i < workers.size(); ++i) {
    snapshot.workers.push_back(
        {workers[i].counters, controller.peer_count(i), workers[i].cpu_time()});
  }
  snapshot.census = CountRooms(focus.all_rooms());
  snapshot.focus = &focus.stats();
  snapshot.ice_restarts = controller.ice_restarts();
  snapshot.draining = shutdown.going_away();
  snapshot.component_connected = xmpp.up();
  snapshot.component_connects = xmpp.connects();
  snapshot.xmpp_disconnects = xmpp.disconnects();
  snapshot.stanzas_dropped = xmpp.stanzas_dropped();
  if (public_http) snapshot.http_connections = public_http->connections();
  snapshot.websocket_proxies = proxy.streams();
  snapshot.command_backlog = links.backlog();
  snapshot.version = CARILLON_VERSION;
  snapshot.start_time = start_time;
  ReadProcessFacts(&snapshot);
  return snapshot;
}

ControlLoop::ControlLoop(const Config& config, std::vector<Worker> workers,
                         signaling::Fingerprint fingerprint, StaticFiles page,
                         std::unique_ptr<TlsContext> tls,
                         rtp::RandomSource& random)
    : impl_(std::make_unique<Impl>(config, std::move(workers),
                                   std::move(fingerprint), std::move(page),
                                   std::move(tls), random)) {}

ControlLoop::~ControlLoop() = default;

std::string ControlLoop::Open() { return impl_->Open(); }

void ControlLoop::Run() {
  impl_->WaitForSignal();
  impl_->tls_renewal.Start();
  impl_->WaitForEvents();
  impl_->xmpp.Start();
  impl_->context.run();
}

}  // namespace sfu
