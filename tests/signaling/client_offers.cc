// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/signaling/client_offers.h"

#include <algorithm>
#include <utility>

#include "rtp/base/check.h"
#include "tests/signaling/client_rules.h"
#include "tests/signaling/replay.h"

namespace signaling {
namespace {

// The first session-initiate of a recording.
std::string RecordedCall(const std::string& name) {
  for (const auto& path : CaptureFiles()) {
    if (path.stem() != name) continue;
    for (const Recorded& recorded : ReadCapture(path)) {
      if (recorded.xml.find("session-initiate") != std::string::npos) {
        return recorded.xml;
      }
    }
  }
  SFU_CHECK(false);
  return {};
}

std::string Repeat(const std::vector<std::string>& values,
                   const std::string& before, const std::string& after) {
  std::string out;
  for (const std::string& value : values) out += before + value + after;
  return out;
}

constexpr const char* kFingerprint =
    "4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:"
    "19:E5:7C:AB:3C:17:25:F8:6A:9E:0D:44:71:C3:55:0B";

// What libwebrtc gives to Conversations, Monal and Movim, in their words.
struct LibwebrtcStyle {
  std::string senders;         // of each content, if it is said
  std::string in_transport;    // before the fingerprint
  std::string candidate;       // after it
  std::string in_description;  // besides
  bool initiator_attribute = false;
};

std::string Feedback(const std::string& type, const std::string& subtype = {}) {
  return "<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='" + type +
         "'" + (subtype.empty() ? "" : " subtype='" + subtype + "'") + "/>";
}

std::string VideoFeedback() {
  return Feedback("goog-remb") + Feedback("transport-cc") +
         Feedback("ccm", "fir") + Feedback("nack") + Feedback("nack", "pli");
}

std::string Extension(int id, const std::string& uri) {
  return "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='" +
         std::to_string(id) + "' uri='" + uri + "'/>";
}

std::string Source(const std::string& ssrc, const std::string& track) {
  return "<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='" + ssrc +
         "'><parameter name='cname' value='3b1MJ0lnW2'/>"
         "<parameter name='msid' value='stream " +
         track + "'/></source>";
}

std::string Libwebrtc(const LibwebrtcStyle& style) {
  const std::string senders =
      style.senders.empty() ? "" : " senders='" + style.senders + "'";
  const std::string transport =
      "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='Xc7G' "
      "pwd='cu9pQj1mRCkoKYH9gVT7P3zA'>" +
      style.in_transport +
      "<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' "
      "setup='actpass'>" +
      kFingerprint + "</fingerprint>" + style.candidate + "</transport>";
  const std::string plain_audio =
      Repeat({"9' name='G722", "0' name='PCMU", "8' name='PCMA"},
             "<payload-type id='", "' clockrate='8000' channels='1'/>");
  return "<iq type='set' id='i1' from='a@example/r' to='standup@sfu.example'>"
         "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' "
         "sid='SID'" +
         std::string(style.initiator_attribute ? " initiator='a@example/r'"
                                               : "") +
         "><group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'>"
         "<content name='0'/><content name='1'/></group>"
         "<content creator='initiator' name='0'" +
         senders +
         "><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>"
         "<payload-type id='111' name='opus' clockrate='48000' channels='2'>"
         "<parameter name='minptime' value='10'/>"
         "<parameter name='useinbandfec' value='1'/>" +
         Feedback("transport-cc") + "</payload-type>" + plain_audio +
         Extension(1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level") +
         Extension(3,
                   "http://www.ietf.org/id/"
                   "draft-holmer-rmcat-transport-wide-cc-extensions-01") +
         Extension(4, "urn:ietf:params:rtp-hdrext:sdes:mid") +
         style.in_description + Source("2161239", "mic") +
         "<rtcp-mux/></description>" + transport +
         "</content><content creator='initiator' name='1'" + senders +
         "><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'>"
         "<payload-type id='96' name='VP8' clockrate='90000'>" +
         VideoFeedback() +
         "</payload-type><payload-type id='97' name='rtx' clockrate='90000'>"
         "<parameter name='apt' value='96'/></payload-type>"
         "<payload-type id='100' name='red' clockrate='90000'/>" +
         Extension(3,
                   "http://www.ietf.org/id/"
                   "draft-holmer-rmcat-transport-wide-cc-extensions-01") +
         Extension(4, "urn:ietf:params:rtp-hdrext:sdes:mid") +
         Extension(13, "urn:3gpp:video-orientation") + style.in_description +
         Source("3342151", "cam") + Source("3342152", "cam") +
         "<ssrc-group xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' "
         "semantics='FID'><source ssrc='3342151'/><source ssrc='3342152'/>"
         "</ssrc-group><rtcp-mux/></description>" +
         transport + "</content></jingle></iq>";
}

// RtpContentMap.toJinglePacket and SessionDescription.of; the options in the
// transport are those of versions after 2.12.
std::string Conversations() {
  LibwebrtcStyle style;
  style.senders = "both";
  style.in_description =
      "<extmap-allow-mixed xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0'/>";
  style.in_transport =
      "<trickle xmlns='http://gultsch.de/xmpp/drafts/jingle/transports/"
      "ice-udp/option'/><renomination xmlns='http://gultsch.de/xmpp/drafts/"
      "jingle/transports/ice-udp/option'/>";
  return Libwebrtc(style);
}

// MLCall.m: what was found by then is in the offer.
std::string Monal() {
  LibwebrtcStyle style;
  style.senders = "both";
  style.initiator_attribute = true;
  style.candidate =
      "<candidate component='1' foundation='1' generation='0' id='m1' "
      "ip='192.0.2.77' network='0' port='51000' priority='2122262783' "
      "protocol='udp' type='host'/>"
      "<candidate component='1' foundation='2' generation='0' id='m2' "
      "ip='198.51.100.7' network='0' port='51001' priority='1686052607' "
      "protocol='udp' rel-addr='192.0.2.77' rel-port='51000' type='srflx'/>";
  return Libwebrtc(style);
}

// SDPtoJingle.php: `senders` only where it is not both.
std::string Movim() {
  LibwebrtcStyle style;
  style.initiator_attribute = true;
  return Libwebrtc(style);
}

}  // namespace

std::vector<ClientCase> AllClients() {
  return {
      {"Dino", true, true, false, RecordedCall("dino-to-dino-video"),
       DinoWouldAccept},
      {"StanzaJs", true, false, true, RecordedCall("chromium-stanza-1to1"),
       StanzaJsWouldAccept},
      {"Conversations", false, true, true, Conversations(),
       ConversationsWouldAccept},
      {"Monal", false, true, true, Monal(), MonalWouldAccept},
      {"Movim", false, true, true, Movim(), MovimWouldAccept},
  };
}

const ClientCase& ClientNamed(const std::string& name) {
  static const std::vector<ClientCase> clients = AllClients();
  const auto it =
      std::find_if(clients.begin(), clients.end(),
                   [&](const ClientCase& c) { return c.name == name; });
  SFU_CHECK(it != clients.end());
  return *it;
}

}  // namespace signaling
