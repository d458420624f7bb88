// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "signaling/stanza.h"
#include "signaling/xmpp_guard.h"

namespace signaling {

// What a stream tells its owner. None of these may destroy the stream; all may
// call Send().
class XmppStreamHandler {
 public:
  virtual ~XmppStreamHandler() = default;
  // Bytes for the server.
  virtual void OnXmppWrite(std::string_view bytes) = 0;
  // Authenticated; `self` is our address: the component's domain, or a client's
  // full JID.
  virtual void OnXmppReady(const Jid& self) = 0;
  virtual void OnXmppStanza(Stanza stanza) = 0;
  // The guard kept a stanza back.
  virtual void OnXmppRejected(const RejectedStanza& stanza) = 0;
  // The stream ended or failed. At most once per Start().
  virtual void OnXmppClosed(const std::string& reason) = 0;
};

// One XMPP stream on bytes that are handed in and out: a XEP-0114 component, or
// a client that logs in. gloox does the stream and the login, over a connection
// that owns no socket; stanzas come out typed. Not encrypted: for a server on
// the same host. Thread-compatible.
class XmppStream {
 public:
  struct Config {
    enum class Mode : uint8_t { kComponent, kAnonymousClient, kPasswordClient };
    Mode mode = Mode::kComponent;
    std::string domain;  // of the component, or of the client's host
    std::string user;    // of kPasswordClient
    std::string secret;  // component secret or password
  };

  // `handler` must outlive the stream.
  XmppStream(Config config, XmppStreamHandler& handler);
  ~XmppStream();
  XmppStream(const XmppStream&) = delete;
  XmppStream& operator=(const XmppStream&) = delete;

  // A transport was connected: opens a new stream on it.
  void Start();
  void HandleBytes(std::string_view bytes);
  // The transport is gone.
  void HandleDisconnect();
  // Ends the stream politely.
  void Close();

  bool ready() const;
  // Dropped unless ready().
  void Send(const Stanza& stanza);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signaling
