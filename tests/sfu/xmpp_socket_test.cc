// SPDX-License-Identifier: GPL-3.0-or-later
#include "sfu/xmpp_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "tests/sfu/loopback.h"
#include "tests/support/seeded_random.h"

namespace sfu {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr char kDomain[] = "sfu.example";

// Notes what the socket tells, on the control thread, for the test's thread.
class Notes : public XmppSocket::Observer {
 public:
  void OnXmppUp(rtp::Timestamp) override { Note("up"); }
  void OnXmppDown(rtp::Timestamp) override { Note("down"); }
  void OnXmppStanza(rtp::Timestamp, const signaling::Stanza& stanza) override {
    const auto* presence = std::get_if<signaling::Presence>(&stanza);
    Note(presence != nullptr ? "presence of " + presence->from.ToString()
                             : "other stanza");
  }
  void OnXmppRejected(rtp::Timestamp,
                      const signaling::RejectedStanza& stanza) override {
    Note("rejected " + stanza.id + " of " + stanza.from);
  }
  void Note(const std::string& note) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(note);
    changed_.notify_all();
  }
  // Waits for `count` notes in all; fewer if they do not come.
  std::vector<std::string> Wait(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10),
                      [&] { return notes_.size() >= count; });
    return notes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> notes_;
};

class XmppSocketTest : public testing::Test {
 protected:
  // The server's end of one link.
  class Link {
   public:
    explicit Link(tcp::socket socket) : socket_(std::move(socket)) {
      timeval timeout{10, 0};
      setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &timeout,
                 sizeof(timeout));
    }
    void Write(const std::string& xml) {
      boost::system::error_code ignored;
      asio::write(socket_, asio::buffer(xml), ignored);
    }
    // Reads until `text` came or the link ended; returns what came.
    std::string ReadUntil(const std::string& text) {
      std::string all;
      char buffer[4096];
      while (all.find(text) == std::string::npos) {
        const ssize_t count =
            recv(socket_.native_handle(), buffer, sizeof(buffer), 0);
        if (count <= 0) break;
        all.append(buffer, static_cast<size_t>(count));
      }
      return all;
    }
    std::string ReadToEnd() { return ReadUntil("no server says this"); }
    void OpenStream() {
      EXPECT_THAT(ReadUntil(kDomain), HasSubstr("<stream:stream"));
      Write(
          "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
          "xmlns:stream='http://etherx.jabber.org/streams' id='1' "
          "from='sfu.example'>");
    }
    void Handshake() {
      OpenStream();
      EXPECT_THAT(ReadUntil("</handshake>"), HasSubstr("<handshake"));
      Write("<handshake/>");
    }

   private:
    tcp::socket socket_;
  };

  XmppSocketTest()
      : acceptor_(server_context_, {asio::ip::address_v4::loopback(), 0}) {
    config_.server = {"127.0.0.1", acceptor_.local_endpoint().port()};
    config_.domain = kDomain;
    config_.secret = "a secret of enough characters";
    config_.backoff = {milliseconds(1), milliseconds(5)};
  }

  void Start() {
    socket_ = std::make_unique<XmppSocket>(context_, config_, random_, notes_);
    thread_ = std::make_unique<ContextThread>(context_);
    thread_->Call([this] { socket_->Start(); });
  }
  Link Accept() { return Link(acceptor_.accept()); }
  void Send(signaling::Stanza stanza) {
    thread_->Call([&] { socket_->Send(std::move(stanza)); });
  }
  static signaling::Message Text(const std::string& body) {
    signaling::Message message;
    message.type = "chat";
    message.from.domain = kDomain;
    message.to.domain = "example.org";
    message.body = body;
    return message;
  }

  asio::io_context server_context_;
  tcp::acceptor acceptor_;
  XmppSocket::Config config_;
  support::SeededRandom random_{1};
  Notes notes_;
  asio::io_context context_{1};
  std::unique_ptr<XmppSocket> socket_;
  std::unique_ptr<ContextThread> thread_;  // stops before the socket goes
};

TEST_F(XmppSocketTest, LogsInAndCarriesStanzasBothWays) {
  Start();
  Link link = Accept();
  link.Handshake();
  EXPECT_EQ(notes_.Wait(1), std::vector<std::string>{"up"});
  link.Write("<presence from='a@example.org/x' to='room@sfu.example'/>");
  EXPECT_THAT(notes_.Wait(2).back(), "presence of a@example.org/x");
  Send(Text("hello there"));
  EXPECT_THAT(link.ReadUntil("</message>"), HasSubstr("hello there"));
  EXPECT_TRUE(thread_->Call([this] { return socket_->up(); }));
}

TEST_F(XmppSocketTest, ConnectsAgainAfterEveryLoss) {
  Start();
  for (size_t i = 1; i <= 3; ++i) {
    Link link = Accept();
    link.Handshake();
    EXPECT_EQ(notes_.Wait(2 * i - 1).back(), "up");
  }
  EXPECT_EQ(notes_.Wait(6).size(), 6u);
  EXPECT_EQ(thread_->Call([this] { return socket_->connects(); }), 3u);
  EXPECT_EQ(thread_->Call([this] { return socket_->disconnects(); }), 3u);
}

TEST_F(XmppSocketTest, TriesAgainWhenTheLoginIsRefused) {
  Start();
  {
    Link link = Accept();
    link.OpenStream();
    link.ReadUntil("</handshake>");
    link.Write(
        "<stream:error><not-authorized "
        "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
    link.ReadToEnd();
  }
  Link link = Accept();
  link.Handshake();
  EXPECT_EQ(notes_.Wait(1), std::vector<std::string>{"up"});
}

TEST_F(XmppSocketTest, GivesUpOnAServerThatNeverAnswers) {
  config_.connect_timeout = milliseconds(20);
  Start();
  Link mute = Accept();
  Link next = Accept();
  EXPECT_THAT(mute.ReadToEnd(), HasSubstr(kDomain));
}

TEST_F(XmppSocketTest, FindsAServerThatHangs) {
  config_.monitor = {milliseconds(20), milliseconds(20)};
  Start();
  Link link = Accept();
  link.Handshake();
  EXPECT_EQ(notes_.Wait(1).back(), "up");
  EXPECT_THAT(link.ReadToEnd(), HasSubstr("urn:xmpp:ping"));
  EXPECT_EQ(notes_.Wait(2).back(), "down");
}

TEST_F(XmppSocketTest, KeepsAServerThatAnswersPings) {
  config_.monitor = {milliseconds(5), std::chrono::seconds(10)};
  Start();
  Link link = Accept();
  link.Handshake();
  for (int i = 1; i <= 3; ++i) {
    const std::string ping = link.ReadUntil("</iq>");
    EXPECT_THAT(ping, HasSubstr("link-" + std::to_string(i)));
    link.Write(ping);  // routed back to whom it was for: ourselves
  }
  link.Write("<presence from='a@example.org/x' to='room@sfu.example'/>");
  // The observer hears nothing of the pings.
  EXPECT_EQ(notes_.Wait(2),
            (std::vector<std::string>{"up", "presence of a@example.org/x"}));
}

TEST_F(XmppSocketTest, DropsALinkThatReadsTooSlowly) {
  config_.max_queued_bytes = 64 << 10;
  Start();
  Link link = Accept();
  link.Handshake();
  EXPECT_EQ(notes_.Wait(1).back(), "up");
  bool up = true;
  for (int i = 0; i < 1000 && up; ++i) {
    up = thread_->Call([this] {
      socket_->Send(Text(std::string(30'000, 'x')));
      return socket_->up();
    });
  }
  EXPECT_EQ(notes_.Wait(2).back(), "down");
}

TEST_F(XmppSocketTest, DropsAndCountsWhatIsSentWithoutALink) {
  Start();
  Send(Text("lost"));
  EXPECT_EQ(thread_->Call([this] { return socket_->stanzas_dropped(); }), 1u);
  Link link = Accept();
  link.Handshake();
  EXPECT_EQ(notes_.Wait(1).back(), "up");
  Send(Text("kept"));
  EXPECT_EQ(link.ReadUntil("</message>").find("lost"), std::string::npos);
}

TEST_F(XmppSocketTest, TellsOfAStanzaThatWasKeptBack) {
  Start();
  Link link = Accept();
  link.Handshake();
  EXPECT_EQ(notes_.Wait(1).back(), "up");
  link.Write(
      "<iq type='set' from='a@example.org/x' to='room@sfu.example' id='q'>"
      "<a xmlns='b'>" +
      std::string(200 << 10, 'x') + "</a></iq>");
  EXPECT_EQ(notes_.Wait(2).back(), "rejected q of a@example.org/x");
}

TEST_F(XmppSocketTest, ClosesTheStreamWhenStopped) {
  Start();
  Link link = Accept();
  link.Handshake();
  EXPECT_EQ(notes_.Wait(1).back(), "up");
  thread_->Call([this] {
    socket_->Send(Text("goodbye"));
    socket_->Stop([this] { notes_.Note("stopped"); });
  });
  const std::string last = link.ReadUntil("</stream:stream>");
  EXPECT_THAT(last, HasSubstr("goodbye"));
  EXPECT_TRUE(last.ends_with("</stream:stream>"));
  link.Write("</stream:stream>");
  { Link closed = std::move(link); }
  EXPECT_EQ(notes_.Wait(2).back(), "stopped");
}

TEST_F(XmppSocketTest, StopsAtOnceWithoutALink) {
  acceptor_.close();
  Start();
  thread_->Call([this] { socket_->Stop([this] { notes_.Note("stopped"); }); });
  EXPECT_EQ(notes_.Wait(1), std::vector<std::string>{"stopped"});
}

}  // namespace
}  // namespace sfu
