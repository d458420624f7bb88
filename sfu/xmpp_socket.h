// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "rtp/base/random.h"
#include "rtp/base/time.h"
#include "sfu/backoff.h"
#include "sfu/config.h"
#include "sfu/link_monitor.h"
#include "signaling/stanza.h"
#include "signaling/xmpp_guard.h"

namespace boost::asio {
class io_context;
}

namespace sfu {

// The link to the XMPP server as a component (XEP-0114): TCP under
// signaling::XmppStream. Keeps it up: connects again with a back-off after
// every loss, and finds a server that hangs by XEP-0199. Stanzas given while
// the link is down are dropped and counted. Control thread only.
class XmppSocket : public signaling::StanzaSink {
 public:
  struct Config {
    Endpoint server;
    std::string domain;  // ours, as a component
    std::string secret;
    // Connecting and the handshake together.
    rtp::TimeDelta connect_timeout = std::chrono::seconds(10);
    // A server that reads slower than we write loses the link at this size.
    size_t max_queued_bytes = 4 << 20;
    // How long a stop waits for the server to close the stream too.
    rtp::TimeDelta close_timeout = std::chrono::seconds(2);
    Backoff::Config backoff;
    LinkMonitor::Config monitor;
  };
  // Calls come from handlers of the io_context, never from within Send().
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void OnXmppUp(rtp::Timestamp now) = 0;
    virtual void OnXmppDown(rtp::Timestamp now) = 0;
    virtual void OnXmppStanza(rtp::Timestamp now,
                              const signaling::Stanza& stanza) = 0;
    // The guard kept a stanza back.
    virtual void OnXmppRejected(rtp::Timestamp now,
                                const signaling::RejectedStanza& stanza) = 0;
  };

  // `random` and `observer` must outlive the object, and so must whoever runs
  // the io_context stop before it goes.
  XmppSocket(boost::asio::io_context& context, const Config& config,
             rtp::RandomSource& random, Observer& observer);
  ~XmppSocket() override;
  XmppSocket(const XmppSocket&) = delete;
  XmppSocket& operator=(const XmppSocket&) = delete;

  // Connects, now and after every loss, until Stop().
  void Start();
  // Sends what waits, closes the stream and calls `done` (once, from a
  // handler), at the latest after close_timeout.
  void Stop(std::function<void()> done);

  void Send(signaling::Stanza stanza) override;

  bool up() const;
  uint64_t connects() const;         // times the link came up
  uint64_t disconnects() const;      // times it was lost, or closed
  uint64_t stanzas_dropped() const;  // for want of a link

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sfu
