// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "signaling/xmpp_guard.h"

namespace sim {

// An XMPP server in memory, as much of one as a room needs: a component
// (XEP-0114) and clients that log in anonymously, each on a stream of bytes.
// Routes by `to`, stamps `from`, tells of those who vanish to whom they had
// sent presence. No clock: what it sends is handed out at once.
class MemoryXmpp {
 public:
  using Deliver = std::function<void(std::string bytes)>;
  // Sees each stanza that is routed.
  using Witness = std::function<void(std::string_view from, std::string_view)>;

  MemoryXmpp(std::string component, std::string guest_domain, Witness witness);
  ~MemoryXmpp();

  // A connection; its number. `deliver` gets what the server says on it.
  size_t Connect(bool component, Deliver deliver);
  void Receive(size_t connection, std::string_view bytes);
  void Disconnect(size_t connection);

 private:
  struct Connection;
  struct Head;

  void HandleToken(Connection& connection, std::string_view xml);
  void HandleHeader(Connection& connection);
  void HandleLogin(Connection& connection, const Head& head);
  void Route(Connection& from, std::string_view xml, const Head& head);
  void Hand(const std::string& to, const std::string& from, std::string stanza);

  const std::string component_;
  const std::string guest_domain_;
  const Witness witness_;
  size_t next_ = 1;
  std::map<size_t, std::unique_ptr<Connection>> connections_;
};

}  // namespace sim
