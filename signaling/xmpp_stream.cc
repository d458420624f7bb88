// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/xmpp_stream.h"

#include <gloox/client.h>
#include <gloox/component.h>
#include <gloox/connectionbase.h>
#include <gloox/connectiondatahandler.h>
#include <gloox/connectionlistener.h>
#include <gloox/jid.h>
#include <gloox/tag.h>

#include <utility>

#include "signaling/stanza_codec.h"
#include "signaling/xml_element.h"

namespace signaling {
namespace {

bool IsStreamNamespace(const std::string& ns) {
  return ns.empty() || ns == "jabber:client" || ns == "jabber:component:accept";
}

// The conditions of RFC 6120 s4.9.3 that an operator can do something about.
std::string ConditionOf(gloox::StreamError error) {
  switch (error) {
    case gloox::StreamErrorConflict:
      return "conflict";
    case gloox::StreamErrorHostUnknown:
      return "host-unknown";
    case gloox::StreamErrorNotAuthorized:
      return "not-authorized";
    case gloox::StreamErrorPolicyViolation:
      return "policy-violation";
    case gloox::StreamErrorSystemShutdown:
      return "system-shutdown";
    default:
      return "of another kind";
  }
}

// Resolves namespaces, which gloox leaves to be inherited by hand.
XmlElement FromTag(const gloox::Tag& tag, const std::string& inherited) {
  XmlElement element;
  element.name = tag.name();
  const std::string& own = tag.xmlns();
  element.ns = !own.empty() ? own : tag.prefix().empty() ? inherited : "";
  if (IsStreamNamespace(element.ns)) element.ns.clear();
  element.text = tag.cdata();
  for (const gloox::Tag::Attribute* attribute : tag.attributes()) {
    if (attribute->name() == "xmlns" || attribute->prefix() == "xmlns") {
      continue;
    }
    element.attributes.emplace_back(attribute->name(), attribute->value());
  }
  for (const gloox::Tag* child : tag.children()) {
    element.children.push_back(FromTag(*child, element.ns));
  }
  return element;
}

// gloox (1.0.24) begins SCRAM-SHA-1 with "y,,", that it could bind to a channel
// (RFC 5802 s6), and ends it with the header of one who cannot, "n,,". Servers
// take that for an attack. It cannot, here, so it shall say so: in base64, as it
// is sent, both headers have four characters of their own.
std::string WithHonestScram(const std::string& data) {
  constexpr std::string_view kCould = "'>eSws";
  constexpr std::string_view kCannot = "'>biws";
  std::string honest = data;
  if (!data.starts_with("<auth ") ||
      data.find("'SCRAM-SHA-1'") == std::string::npos) {
    return honest;
  }
  const size_t at = honest.find(kCould);
  if (at != std::string::npos) honest.replace(at, kCould.size(), kCannot);
  return honest;
}

// What gloox believes to be a connection.
class MemoryConnection : public gloox::ConnectionBase {
 public:
  // `restarted` becomes true whenever gloox opens a stream.
  MemoryConnection(gloox::ConnectionDataHandler* to, XmppStreamHandler& out,
                   bool& restarted)
      : gloox::ConnectionBase(to), out_(out), restarted_(restarted) {}

  gloox::ConnectionError connect() override {
    m_state = gloox::StateConnected;
    m_handler->handleConnect(this);
    return gloox::ConnNoError;
  }
  gloox::ConnectionError recv(int /*timeout*/) override {
    return gloox::ConnNoError;
  }
  bool send(const std::string& data) override {
    if (m_state != gloox::StateConnected) return false;
    if (data.starts_with("<?xml")) restarted_ = true;
    out_.OnXmppWrite(WithHonestScram(data));
    return true;
  }
  gloox::ConnectionError receive() override { return gloox::ConnNoError; }
  void disconnect() override { m_state = gloox::StateDisconnected; }
  void getStatistics(long int& in, long int& out) override { in = out = 0; }
  gloox::ConnectionBase* newInstance() const override { return nullptr; }

  void Feed(std::string_view bytes) {
    if (m_state != gloox::StateConnected) return;
    m_handler->handleReceivedData(this, std::string(bytes));
  }

 private:
  XmppStreamHandler& out_;
  bool& restarted_;
};

// Sees each stanza before gloox would answer it by itself. Returns true if it
// was taken.
class StanzaTap {
 public:
  virtual ~StanzaTap() = default;
  virtual bool TakeTag(const gloox::Tag& tag) = 0;
};

class TappedComponent : public gloox::Component {
 public:
  TappedComponent(const XmppStream::Config& config, StanzaTap& tap)
      : gloox::Component("jabber:component:accept", config.domain,
                         config.domain, config.secret),
        tap_(tap) {}
  void handleTag(gloox::Tag* tag) override {
    if (tag != nullptr && tap_.TakeTag(*tag)) return;
    gloox::Component::handleTag(tag);
  }

 private:
  StanzaTap& tap_;
};

class TappedClient : public gloox::Client {
 public:
  TappedClient(const XmppStream::Config& config, StanzaTap& tap)
      : gloox::Client(config.domain), tap_(tap) {}
  TappedClient(const XmppStream::Config& config, const gloox::JID& jid,
               StanzaTap& tap)
      : gloox::Client(jid, config.secret, 0), tap_(tap) {}
  void handleTag(gloox::Tag* tag) override {
    if (tag != nullptr && tap_.TakeTag(*tag)) return;
    gloox::Client::handleTag(tag);
  }

 private:
  StanzaTap& tap_;
};

}  // namespace

class XmppStream::Impl : public StanzaTap,
                         public XmppGuardSink,
                         public gloox::ConnectionListener {
 public:
  Impl(Config config, XmppStreamHandler& handler)
      : config_(std::move(config)), handler_(handler) {}
  ~Impl() override { handler_gone_ = true; }

  void Start() {
    closed_ = false;
    ready_ = false;
    gloox_ = MakeGloox();
    auto connection =
        std::make_unique<MemoryConnection>(gloox_.get(), handler_, restarted_);
    connection_ = connection.get();
    gloox_->setConnectionImpl(connection.release());  // gloox owns it
    gloox_->registerConnectionListener(this);
    gloox_->connect(false);
    ExpectStream();
  }

  void HandleBytes(std::string_view bytes) {
    if (closed_ || gloox_ == nullptr) return;
    if (!guard_.HandleBytes(bytes, *this)) return Fail(guard_.error());
    ExpectStream();
  }

  void Fail(const std::string& reason) {
    ready_ = false;
    if (std::exchange(closed_, true) || handler_gone_) return;
    handler_.OnXmppClosed(reason);
  }

  void Close() {
    if (closed_ || gloox_ == nullptr) return;
    handler_.OnXmppWrite("</stream:stream>");
    ready_ = false;
    closed_ = true;
  }

  bool ready() const { return ready_; }

  void Send(const Stanza& stanza) {
    if (ready_) handler_.OnXmppWrite(Serialize(WriteStanza(stanza)));
  }

 private:
  std::unique_ptr<gloox::ClientBase> MakeGloox() {
    if (config_.mode == Config::Mode::kComponent) {
      auto component = std::make_unique<TappedComponent>(config_, *this);
      // Or gloox reads the system's certificates each time, and leaks them.
      component->setTls(gloox::TLSDisabled);
      return component;
    }
    std::unique_ptr<gloox::Client> client;
    if (config_.mode == Config::Mode::kAnonymousClient) {
      client = std::make_unique<TappedClient>(config_, *this);
      client->setSASLMechanisms(gloox::SaslMechAnonymous);
    } else {
      const gloox::JID jid(config_.user + "@" + config_.domain);
      client = std::make_unique<TappedClient>(config_, jid, *this);
      client->setSASLMechanisms(gloox::SaslMechScramSha1 |
                                gloox::SaslMechPlain);
    }
    client->disableRoster();
    client->setTls(gloox::TLSDisabled);
    client->setCompression(false);
    return client;
  }

  // A login ends with a new stream on the same connection (RFC 6120 s6.4.6),
  // which the server begins only once ours has begun.
  void ExpectStream() {
    if (std::exchange(restarted_, false)) guard_.Reset();
  }

  // StanzaTap
  bool TakeTag(const gloox::Tag& tag) override {
    if (!ready_ || (tag.name() != "iq" && tag.name() != "presence" &&
                    tag.name() != "message")) {
      return false;
    }
    if (auto stanza = ParseStanza(FromTag(tag, {}))) {
      handler_.OnXmppStanza(std::move(*stanza));
    }
    return true;
  }

  // XmppGuardSink
  void OnGuardPassed(std::string_view xml) override { connection_->Feed(xml); }
  void OnGuardRejected(const RejectedStanza& stanza) override {
    if (ready_) handler_.OnXmppRejected(stanza);
  }

  // gloox::ConnectionListener
  void onConnect() override {
    ready_ = true;
    Jid self;
    self.domain = config_.domain;
    if (config_.mode != Config::Mode::kComponent) {
      self = Jid::Parse(gloox_->jid().full()).value_or(self);
    }
    handler_.OnXmppReady(self);
  }
  void onDisconnect(gloox::ConnectionError error) override {
    std::string reason = "the server ended the stream";
    if (error == gloox::ConnAuthenticationFailed) {
      reason = "the server refused the login";
    } else if (error == gloox::ConnStreamError) {
      reason = "stream error " + ConditionOf(gloox_->streamError()) + " " +
               gloox_->streamErrorText();
    }
    Fail(reason);
  }
  bool onTLSConnect(const gloox::CertInfo& /*info*/) override { return true; }

  const Config config_;
  XmppStreamHandler& handler_;
  XmppGuard guard_;
  std::unique_ptr<gloox::ClientBase> gloox_;
  MemoryConnection* connection_ = nullptr;
  bool ready_ = false;
  bool closed_ = true;
  bool restarted_ = false;
  bool handler_gone_ = false;
};

XmppStream::XmppStream(Config config, XmppStreamHandler& handler)
    : impl_(std::make_unique<Impl>(std::move(config), handler)) {}
XmppStream::~XmppStream() = default;
void XmppStream::Start() { impl_->Start(); }
void XmppStream::HandleBytes(std::string_view bytes) {
  impl_->HandleBytes(bytes);
}
void XmppStream::HandleDisconnect() { impl_->Fail("the connection was lost"); }
void XmppStream::Close() { impl_->Close(); }
bool XmppStream::ready() const { return impl_->ready(); }
void XmppStream::Send(const Stanza& stanza) { impl_->Send(stanza); }

}  // namespace signaling
