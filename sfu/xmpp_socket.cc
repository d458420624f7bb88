// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/xmpp_socket.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <concepts>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "sfu/log.h"
#include "sfu/monotonic_clock.h"
#include "signaling/xmpp_stream.h"

namespace sfu {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kReadBytes = 16 << 10;
// Pings of the link itself, which are no business of the focus.
constexpr std::string_view kPingId = "link-";

signaling::XmppStream::Config StreamConfig(const XmppSocket::Config& config) {
  signaling::XmppStream::Config stream;
  stream.domain = config.domain;
  stream.secret = config.secret;
  return stream;
}

}  // namespace

struct XmppSocket::Impl : signaling::XmppStreamHandler {
  enum class State {
    kIdle,     // not started, or stopped
    kWaiting,  // for the next attempt
    kConnecting,
    kUp,
    kClosing,  // our end of the stream is closed
  };

  Impl(asio::io_context& io, const Config& settings, rtp::RandomSource& random,
       Observer& watcher)
      : context(io),
        config(settings),
        observer(watcher),
        resolver(io),
        socket(io),
        timer(io),
        stream(StreamConfig(settings), *this),
        backoff(settings.backoff, random),
        monitor(settings.monitor) {}

  void Connect();
  void OnConnected();
  void Read();
  void OnRead(size_t count);
  void Flush();
  void CheckLink();
  void ArmCheck(rtp::Timestamp now);
  void SendPing();
  // Ends what there is of a link; then tries again, or has stopped.
  void Drop(std::string_view reason);
  void ArmTimer(rtp::TimeDelta delay, void (Impl::*what)());
  void GiveUpConnecting() {
    if (state == State::kConnecting) Drop("the server does not answer");
  }
  void GiveUpClosing() { Drop("the server did not close the stream"); }
  void Stop(std::function<void()> done);

  // A handler of an attempt or a link that is over does nothing.
  template <typename Handler>
  auto OfThisLink(Handler handler) {
    return [ this, link = link_number,
             handler = std::move(handler) ]<typename... Arguments>(
        Arguments &&
        ... arguments) requires std::invocable<const Handler&, Arguments...> {
      if (link == link_number) handler(std::forward<Arguments>(arguments)...);
    };
  }

  // signaling::XmppStreamHandler
  void OnXmppWrite(std::string_view bytes) override;
  void OnXmppReady(const signaling::Jid& self) override;
  void OnXmppStanza(signaling::Stanza stanza) override;
  void OnXmppRejected(const signaling::RejectedStanza& stanza) override;
  void OnXmppClosed(const std::string& reason) override { closed = reason; }

  asio::io_context& context;
  const Config config;
  Observer& observer;
  tcp::resolver resolver;
  tcp::socket socket;
  asio::steady_timer timer;
  signaling::XmppStream stream;
  Backoff backoff;
  LinkMonitor monitor;
  rtp::Timestamp check_due = rtp::kNever;  // when the timer looks at it

  State state = State::kIdle;
  uint64_t link_number = 0;
  std::array<char, kReadBytes> received;
  std::string queued;   // to be written next
  std::string writing;  // what the kernel is being given
  bool flush_posted = false;
  std::optional<std::string> closed;  // why the stream ended itself
  std::function<void()> on_stopped;
  uint64_t pings = 0;
  uint64_t connects = 0;
  uint64_t disconnects = 0;
  uint64_t dropped = 0;
};

void XmppSocket::Impl::ArmTimer(rtp::TimeDelta delay, void (Impl::*what)()) {
  timer.expires_after(delay);
  timer.async_wait(OfThisLink([this, what](const error_code& error) {
    if (!error) (this->*what)();
  }));
}

void XmppSocket::Impl::Connect() {
  ++link_number;
  state = State::kConnecting;
  ArmTimer(config.connect_timeout, &Impl::GiveUpConnecting);
  const auto on_connect = OfThisLink(
      [this](const error_code& error, const tcp::endpoint& /*endpoint*/) {
        error ? Drop(error.message()) : OnConnected();
      });
  resolver.async_resolve(
      config.server.host, std::to_string(config.server.port),
      OfThisLink([this, on_connect](const error_code& error,
                                    const tcp::resolver::results_type& found) {
        if (error) return Drop(error.message());
        asio::async_connect(socket, found, on_connect);
      }));
}

void XmppSocket::Impl::OnConnected() {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  stream.Start();
  Read();
}

void XmppSocket::Impl::Read() {
  socket.async_read_some(
      asio::buffer(received),
      OfThisLink([this](const error_code& error, size_t count) {
        error ? Drop(error.message()) : OnRead(count);
      }));
}

void XmppSocket::Impl::OnRead(size_t count) {
  if (state == State::kUp) {
    const rtp::Timestamp now = MonotonicNow();
    monitor.OnReceived(now);
    // A timer that fires too early finds nothing due, and is left alone.
    if (monitor.NextDeadline() < check_due) ArmCheck(now);
  }
  closed.reset();
  stream.HandleBytes(std::string_view(received.data(), count));
  if (closed) return Drop(*closed);
  Read();
}

void XmppSocket::Impl::OnXmppWrite(std::string_view bytes) {
  queued += bytes;
  if (flush_posted) return;
  // All that one turn says leaves in one piece.
  flush_posted = true;
  asio::post(context, OfThisLink([this] {
               flush_posted = false;
               if (queued.size() + writing.size() > config.max_queued_bytes) {
                 return Drop("the server reads too slowly");
               }
               Flush();
             }));
}

void XmppSocket::Impl::Flush() {
  if (!writing.empty() || queued.empty()) return;
  writing.swap(queued);
  asio::async_write(
      socket, asio::buffer(writing),
      OfThisLink([this](const error_code& error, size_t /*count*/) {
        if (error) return Drop(error.message());
        writing.clear();
        Flush();
      }));
}

void XmppSocket::Impl::OnXmppReady(const signaling::Jid& /*self*/) {
  state = State::kUp;
  ++connects;
  backoff.Reset();
  const rtp::Timestamp now = MonotonicNow();
  monitor.OnReceived(now);
  ArmCheck(now);
  SFU_LOG(kInfo, "component_up").With("domain", config.domain);
  observer.OnXmppUp(now);
}

void XmppSocket::Impl::CheckLink() {
  const rtp::Timestamp now = MonotonicNow();
  const LinkMonitor::Action action = monitor.HandleTimeout(now);
  if (action == LinkMonitor::Action::kDead) {
    return Drop("the server does not answer pings");
  }
  if (action == LinkMonitor::Action::kSendPing) SendPing();
  ArmCheck(now);
}

void XmppSocket::Impl::ArmCheck(rtp::Timestamp now) {
  check_due = monitor.NextDeadline();
  ArmTimer(check_due - now, &Impl::CheckLink);
}

void XmppSocket::Impl::SendPing() {
  // To ourselves, by way of the server: it routes that without asking anybody
  // else, whatever its own domains are.
  signaling::Iq ping;
  ping.from.domain = config.domain;
  ping.to.domain = config.domain;
  ping.id = std::string(kPingId) + std::to_string(++pings);
  ping.payload = signaling::Ping();
  stream.Send(ping);
}

void XmppSocket::Impl::OnXmppStanza(signaling::Stanza stanza) {
  const auto* iq = std::get_if<signaling::Iq>(&stanza);
  if (iq != nullptr && iq->from.domain == config.domain &&
      iq->from.local.empty() && iq->id.starts_with(kPingId)) {
    return;
  }
  observer.OnXmppStanza(MonotonicNow(), stanza);
}

void XmppSocket::Impl::OnXmppRejected(const signaling::RejectedStanza& stanza) {
  observer.OnXmppRejected(MonotonicNow(), stanza);
}

void XmppSocket::Impl::Drop(std::string_view reason) {
  const State before = std::exchange(state, State::kIdle);
  ++link_number;  // before anything else can come from the old link
  error_code ignored;
  resolver.cancel();
  socket.close(ignored);
  timer.cancel();
  queued.clear();
  writing.clear();
  flush_posted = false;
  monitor.OnDown();
  stream.HandleDisconnect();
  if (before == State::kUp) ++disconnects;
  if (before == State::kUp) observer.OnXmppDown(MonotonicNow());
  if (on_stopped) {
    std::exchange(on_stopped, nullptr)();
    return;
  }
  const rtp::TimeDelta wait = backoff.Next();
  SFU_LOG(kWarning, "component_down")
      .With("reason", reason)
      .With("retry_ms", wait.count() / 1000);
  state = State::kWaiting;
  ArmTimer(wait, &Impl::Connect);
}

void XmppSocket::Impl::Stop(std::function<void()> done) {
  on_stopped = std::move(done);
  if (state != State::kUp) {
    ++link_number;
    asio::post(context, OfThisLink([this] { Drop("stopped"); }));
    return;
  }
  stream.Close();
  state = State::kClosing;
  ArmTimer(config.close_timeout, &Impl::GiveUpClosing);
}

XmppSocket::XmppSocket(asio::io_context& context, const Config& config,
                       rtp::RandomSource& random, Observer& observer)
    : impl_(std::make_unique<Impl>(context, config, random, observer)) {}

XmppSocket::~XmppSocket() = default;

void XmppSocket::Start() { impl_->Connect(); }

void XmppSocket::Stop(std::function<void()> done) {
  impl_->Stop(std::move(done));
}

void XmppSocket::Send(signaling::Stanza stanza) {
  if (impl_->state == Impl::State::kUp) {
    impl_->stream.Send(stanza);
  } else {
    ++impl_->dropped;
  }
}

bool XmppSocket::up() const { return impl_->state == Impl::State::kUp; }
uint64_t XmppSocket::connects() const { return impl_->connects; }
uint64_t XmppSocket::disconnects() const { return impl_->disconnects; }
uint64_t XmppSocket::stanzas_dropped() const { return impl_->dropped; }

}  // namespace sfu
