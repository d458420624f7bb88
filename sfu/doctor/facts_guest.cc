// SPDX-License-Identifier: GPL-3.0-or-later
#include <gloox/parser.h>
#include <gloox/tag.h>
#include <gloox/taghandler.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <utility>

#include "sfu/doctor/facts.h"

namespace sfu {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using Step = GuestFacts::Step;

constexpr auto kPatience = std::chrono::seconds(5);
constexpr size_t kMessageBytes = 64 << 10;
constexpr char kBind[] =
    "<iq xmlns='jabber:client' type='set' id='bind'>"
    "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";

// The name of the first child: the condition of an error, or of a failure.
std::string Condition(const gloox::Tag* error) {
  if (error == nullptr || error->children().empty()) return "an error";
  return error->children().front()->name();
}

// A guest that logs in at the XMPP server's WebSocket (RFC 7395), asks the
// domain of the chat rooms what it is, and goes.
class Guest : public gloox::TagHandler {
 public:
  explicit Guest(const Config& config) : config_(config) {}

  GuestFacts Run() {
    facts_.error = "no answer within 5 seconds";
    socket_.read_message_max(kMessageBytes);
    const Endpoint& server = config_.xmpp_websocket;
    resolver_.async_resolve(
        server.host, std::to_string(server.port),
        [this](error_code error, const tcp::resolver::results_type& at) {
          if (error) return End(error.message());
          socket_.next_layer().async_connect(
              at, [this](error_code failed, const tcp::endpoint&) {
                if (failed) return End(failed.message());
                ShakeHands();
              });
        });
    context_.run_for(kPatience);
    return facts_;
  }

 private:
  void ShakeHands() {
    facts_.step = Step::kConnected;
    socket_.set_option(
        websocket::stream_base::decorator([](websocket::request_type& out) {
          out.set(http::field::sec_websocket_protocol, "xmpp");
        }));
    socket_.async_handshake(
        response_, ToString(config_.xmpp_websocket),
        config_.xmpp_websocket_path, [this](error_code error) {
          if (error) {
            if (error == websocket::error::upgrade_declined) {
              facts_.http_status = response_.result_int();
            }
            return End(error.message());
          }
          facts_.step = Step::kWebSocket;
          OpenStream();
          Read();
        });
  }

  void OpenStream() {
    gloox::Tag open("open");
    open.setXmlns("urn:ietf:params:xml:ns:xmpp-framing");
    open.addAttribute("to", config_.guest_domain);
    open.addAttribute("version", "1.0");
    Send(open.xml());
  }

  // A few hundred bytes: they fit into the socket's buffer.
  void Send(const std::string& xml) {
    error_code error;
    socket_.write(asio::buffer(xml), error);
  }

  void Read() {
    socket_.async_read(message_, [this](error_code error, size_t) {
      if (error) return End(error.message());
      std::string text = beast::buffers_to_string(message_.data());
      message_.clear();
      if (parser_.feed(text) >= 0) return End("it sends no XML");
      if (!context_.stopped()) Read();
    });
  }

  // Each message of the WebSocket is one element (RFC 7395 s3.3.3).
  void handleTag(gloox::Tag* tag) override {
    const std::string& name = tag->name();
    if (name == "features") {
      OnFeatures(*tag);
    } else if (name == "success") {
      logged_in_ = true;
      OpenStream();
    } else if (name == "iq") {
      OnIq(*tag);
    } else if (name == "error" || name == "failure") {
      End(Condition(tag));
    } else if (name == "close") {
      End("it closed the stream");
    }
  }

  void OnFeatures(const gloox::Tag& features) {
    if (logged_in_) return Send(kBind);
    facts_.step = Step::kStream;
    if (const gloox::Tag* list = features.findChild("mechanisms")) {
      for (const gloox::Tag* mechanism : list->findChildren("mechanism")) {
        facts_.mechanisms.push_back(mechanism->cdata());
      }
    }
    for (const std::string& mechanism : facts_.mechanisms) {
      if (mechanism != "ANONYMOUS") continue;
      return Send(
          "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' "
          "mechanism='ANONYMOUS'/>");
    }
    End("no mechanism");
  }

  void OnIq(const gloox::Tag& iq) {
    const std::string& id = iq.findAttribute("id");
    const bool result = iq.findAttribute("type") == "result";
    if (id == "bind") {
      if (!result) return End(Condition(iq.findChild("error")));
      facts_.step = Step::kLoggedIn;
      facts_.muc_error = "nothing within 5 seconds";
      gloox::Tag ask("iq");
      ask.setXmlns("jabber:client");
      ask.addAttribute("type", "get");
      ask.addAttribute("id", "muc");
      ask.addAttribute("to", config_.muc);
      new gloox::Tag(&ask, "query", "xmlns",
                     "http://jabber.org/protocol/disco#info");
      return Send(ask.xml());
    }
    if (id != "muc") return;
    facts_.muc_error = result ? "" : Condition(iq.findChild("error"));
    if (const gloox::Tag* query = iq.findChild("query")) {
      for (const gloox::Tag* identity : query->findChildren("identity")) {
        facts_.muc_is_conference |=
            identity->findAttribute("category") == "conference";
      }
    }
    Send("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    End({});
  }

  void End(std::string error) {
    facts_.error = std::move(error);
    context_.stop();
  }

  const Config& config_;
  asio::io_context context_;
  tcp::resolver resolver_{context_};
  websocket::stream<beast::tcp_stream> socket_{context_};
  websocket::response_type response_;
  beast::flat_buffer message_;
  gloox::Parser parser_{this};  // deletes what it hands over
  bool logged_in_ = false;
  GuestFacts facts_;
};

}  // namespace

GuestFacts TryGuest(const Config& config) { return Guest(config).Run(); }

}  // namespace sfu
