// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sim/memory_xmpp.h"

#include <cctype>
#include <utility>

namespace sim {

// A tag as it begins a stanza: its name and attributes, as they are written.
struct MemoryXmpp::Head {
  std::string name;
  std::map<std::string, std::string> attributes;
  size_t end = 0;  // of the tag in the text
  bool empty = false;

  explicit Head(std::string_view xml) {
    size_t at = xml.find('<') + 1;
    const auto word = [&] {
      const size_t begin = at;
      while (at < xml.size() && std::isspace(xml[at]) == 0 && xml[at] != '=' &&
             xml[at] != '>' && xml[at] != '/') {
        ++at;
      }
      return std::string(xml.substr(begin, at - begin));
    };
    name = word();
    for (;;) {
      while (at < xml.size() && std::isspace(xml[at]) != 0) ++at;
      if (at >= xml.size() || xml[at] == '>' || xml[at] == '/') break;
      std::string key = word();
      const char quote = xml[++at];
      const size_t close = xml.find(quote, ++at);
      attributes[std::move(key)] = std::string(xml.substr(at, close - at));
      at = close + 1;
    }
    empty = xml[at] == '/';
    end = xml.find('>', at) + 1;
  }

  std::string Get(const std::string& key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? std::string() : found->second;
  }
};

struct MemoryXmpp::Connection : public signaling::XmppGuardSink {
  MemoryXmpp* server = nullptr;
  size_t number = 0;
  bool component = false;
  Deliver deliver;
  std::string jid;  // empty until it is logged in
  bool authenticated = false;
  bool header_expected = true;
  bool gone = false;
  std::set<std::string> presence_to;  // directed
  signaling::XmppGuard guard;

  void OnGuardPassed(std::string_view xml) override {
    server->HandleToken(*this, xml);
  }
  void OnGuardRejected(const signaling::RejectedStanza&) override {}
};

MemoryXmpp::MemoryXmpp(std::string component, std::string guest_domain,
                       Witness witness)
    : component_(std::move(component)),
      guest_domain_(std::move(guest_domain)),
      witness_(std::move(witness)) {}

MemoryXmpp::~MemoryXmpp() = default;

size_t MemoryXmpp::Connect(bool component, Deliver deliver) {
  auto made = std::make_unique<Connection>();
  made->server = this;
  made->number = next_++;
  made->component = component;
  made->deliver = std::move(deliver);
  const size_t number = made->number;
  connections_[number] = std::move(made);
  return number;
}

void MemoryXmpp::Receive(size_t number, std::string_view bytes) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  Connection& connection = *found->second;
  // A login ends with a new stream on the same connection (RFC 6120 s6.4.6).
  if (connection.header_expected && bytes.starts_with("<?xml")) {
    connection.guard.Reset();
  }
  connection.guard.HandleBytes(bytes, connection);
  if (connection.gone) Disconnect(number);
}

void MemoryXmpp::Disconnect(size_t number) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;
  const std::unique_ptr<Connection> gone = std::move(found->second);
  connections_.erase(found);
  for (const std::string& to : gone->presence_to) {
    Hand(to, gone->jid,
         "<presence type='unavailable' from='" + gone->jid + "' to='" + to +
             "'/>");
  }
}

void MemoryXmpp::HandleToken(Connection& connection, std::string_view xml) {
  if (xml.starts_with("</")) {
    connection.gone = true;
    return;
  }
  const Head head(xml);
  if (head.name == "stream:stream") return HandleHeader(connection);
  if (connection.jid.empty()) return HandleLogin(connection, head);
  Route(connection, xml, head);
}

void MemoryXmpp::HandleHeader(Connection& connection) {
  connection.header_expected = false;
  std::string header =
      "<?xml version='1.0'?><stream:stream "
      "xmlns:stream='http://etherx.jabber.org/streams' id='s" +
      std::to_string(connection.number) + "' ";
  if (connection.component) {
    return connection.deliver(
        header + "xmlns='jabber:component:accept' from='" + component_ + "'>");
  }
  header += "xmlns='jabber:client' version='1.0' from='" + guest_domain_ +
            "'><stream:features>";
  header += connection.authenticated
                ? "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
                : "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
                  "<mechanism>ANONYMOUS</mechanism></mechanisms>";
  connection.deliver(header + "</stream:features>");
}

void MemoryXmpp::HandleLogin(Connection& connection, const Head& head) {
  if (head.name == "handshake" && connection.component) {
    connection.jid = component_;
    return connection.deliver("<handshake/>");
  }
  if (head.name == "auth") {
    connection.authenticated = true;
    connection.header_expected = true;
    return connection.deliver(
        "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
  }
  if (head.name == "iq" && connection.authenticated) {
    connection.jid = "guest" + std::to_string(connection.number) + "@" +
                     guest_domain_ + "/bot";
    connection.deliver(
        "<iq type='result' id='" + head.Get("id") +
        "'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>" +
        connection.jid + "</jid></bind></iq>");
  }
}

void MemoryXmpp::Route(Connection& from, std::string_view xml,
                       const Head& head) {
  const std::string to = head.Get("to");
  const std::string sender = from.component ? head.Get("from") : from.jid;
  if (to.empty()) return;
  if (head.name == "presence" && !from.component) {
    if (head.Get("type") == "unavailable") {
      from.presence_to.erase(to);
    } else if (head.Get("type").empty()) {
      from.presence_to.insert(to);
    }
  }
  std::string stanza = "<" + head.name;
  for (const auto& [key, value] : head.attributes) {
    if (key == "from" || key == "xmlns") continue;
    stanza += " " + key + "='" + value + "'";
  }
  stanza += " from='" + sender + "'";
  stanza += head.empty ? "/>" : ">";
  stanza += xml.substr(head.end);
  Hand(to, sender, std::move(stanza));
}

void MemoryXmpp::Hand(const std::string& to, const std::string& from,
                      std::string stanza) {
  const std::string bare = to.substr(0, to.find('/'));
  const std::string domain = bare.substr(bare.find('@') + 1);
  witness_(from, stanza);
  for (const auto& [number, connection] : connections_) {
    const bool theirs =
        connection->component ? domain == component_ : connection->jid == to;
    if (theirs) return connection->deliver(std::move(stanza));
  }
}

}  // namespace sim
