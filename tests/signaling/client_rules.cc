// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/signaling/client_rules.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "signaling/namespaces.h"
#include "signaling/stanza_codec.h"

namespace signaling {
namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

std::vector<const XmlElement*> ChildrenOf(const XmlElement& element,
                                          std::string_view name,
                                          std::string_view ns) {
  std::vector<const XmlElement*> children;
  for (const XmlElement& child : element.children) {
    if (child.Is(name, ns)) children.push_back(&child);
  }
  return children;
}

// One answer beside its offer, and what is wrong with it.
class Review {
 public:
  Review(const JingleMessage& offer, const XmlElement& answer)
      : offer_(offer.description), answer_(answer) {
    const XmlElement* jingle = answer.Child("jingle", ns::kJingle);
    if (Demand(jingle != nullptr, "no <jingle/>")) jingle_ = jingle;
    Demand(jingle_->Attribute("action") == "session-accept",
           "not a session-accept");
    Demand(jingle_->Attribute("sid") == offer.sid, "another sid");
    contents_ = ChildrenOf(*jingle_, "content", ns::kJingle);
    Demand(!contents_.empty(), "no contents");
  }

  bool Demand(bool good, const std::string& what) {
    if (!good) faults_.push_back(what);
    return good;
  }
  bool Demand(bool good, const XmlElement& content, const std::string& what) {
    return Demand(good, "content " + std::string(content.Attribute("name")) +
                            ": " + what);
  }
  AssertionResult Verdict() const {
    if (faults_.empty()) return AssertionSuccess();
    AssertionResult result = AssertionFailure();
    for (const std::string& fault : faults_) result << fault << "; ";
    return result << "in " << Serialize(answer_);
  }

  const SessionDescription& offer() const { return offer_; }
  const XmlElement& answer() const { return answer_; }
  const XmlElement& jingle() const { return *jingle_; }
  const std::vector<const XmlElement*>& contents() const { return contents_; }
  const Content* Offered(const XmlElement& content) const {
    for (const Content& offered : offer_.contents) {
      if (offered.name == content.Attribute("name")) return &offered;
    }
    return nullptr;
  }
  // Never null: an empty element stands for what is missing.
  const XmlElement& Description(const XmlElement& content) const {
    const XmlElement* found = content.Child("description", ns::kRtp);
    return found == nullptr ? none_ : *found;
  }
  const XmlElement& Transport(const XmlElement& content) const {
    const XmlElement* found = content.Child("transport", ns::kIceUdp);
    return found == nullptr ? none_ : *found;
  }
  std::string_view Setup(const XmlElement& content) const {
    const XmlElement* print =
        Transport(content).Child("fingerprint", ns::kDtls);
    return print == nullptr ? std::string_view() : print->Attribute("setup");
  }
  bool offers_bundle() const {
    return std::any_of(
        offer_.groups.begin(), offer_.groups.end(),
        [](const ContentGroup& g) { return g.semantics == "BUNDLE"; });
  }

 private:
  const SessionDescription& offer_;
  const XmlElement& answer_;
  const XmlElement none_;
  const XmlElement* jingle_ = &none_;
  std::vector<const XmlElement*> contents_;
  std::vector<std::string> faults_;
};

bool SameParty(const PayloadType& offered, const XmlElement& answered) {
  return std::to_string(offered.id) == answered.Attribute("id") &&
         offered.name == answered.Attribute("name") &&
         std::to_string(offered.clock_rate) == answered.Attribute("clockrate");
}

// XEP-0167 s6.3, XEP-0293, XEP-0294: an answer is a choice from the offer.
void DemandChoice(Review& review, const XmlElement& content,
                  const RtpDescription& offered) {
  const XmlElement& description = review.Description(content);
  const auto types = ChildrenOf(description, "payload-type", ns::kRtp);
  review.Demand(!types.empty(), content, "no payload types");
  for (const XmlElement* type : types) {
    const auto same =
        std::find_if(offered.payload_types.begin(), offered.payload_types.end(),
                     [&](const PayloadType& o) { return SameParty(o, *type); });
    if (!review.Demand(same != offered.payload_types.end(), content,
                       "a payload type that was not offered")) {
      continue;
    }
    for (const XmlElement* fb :
         ChildrenOf(*type, "rtcp-fb", ns::kRtcpFeedback)) {
      const RtcpFeedback said{std::string(fb->Attribute("type")),
                              std::string(fb->Attribute("subtype"))};
      review.Demand(
          std::count(same->feedback.begin(), same->feedback.end(), said) > 0 ||
              std::count(offered.feedback.begin(), offered.feedback.end(),
                         said) > 0,
          content, "feedback that was not offered");
    }
  }
  for (const XmlElement* extension :
       ChildrenOf(description, "rtp-hdrext", ns::kHeaderExtensions)) {
    review.Demand(
        std::any_of(offered.extensions.begin(), offered.extensions.end(),
                    [&](const HeaderExtension& o) {
                      return std::to_string(o.id) ==
                                 extension->Attribute("id") &&
                             o.uri == extension->Attribute("uri");
                    }),
        content, "an extension that was not offered");
  }
  review.Demand(description.Child("encryption", ns::kRtp) == nullptr, content,
                "SDES beside DTLS");
  review.Demand(
      (description.Child("rtcp-mux", ns::kRtp) != nullptr) == offered.rtcp_mux,
      content, "rtcp-mux is not as offered");
}

// XEP-0176 s5.3, XEP-0320.
void DemandTransport(Review& review, const XmlElement& content) {
  const XmlElement& transport = review.Transport(content);
  review.Demand(transport.Attribute("ufrag").size() >= 4, content, "no ufrag");
  // RFC 8445 s5.3: at least 128 bits.
  review.Demand(transport.Attribute("pwd").size() >= 22, content, "no pwd");
  const auto prints = ChildrenOf(transport, "fingerprint", ns::kDtls);
  if (review.Demand(prints.size() == 1, content, "not one fingerprint")) {
    review.Demand(prints[0]->Attribute("hash") == "sha-256", content,
                  "another hash");
    review.Demand(prints[0]->text.size() == 32 * 3 - 1, content,
                  "no fingerprint of SHA-256");
  }
  const std::string_view setup = review.Setup(content);
  review.Demand(setup == "active" || setup == "passive", content,
                "an answer's setup is active or passive");
  const auto candidates = ChildrenOf(transport, "candidate", ns::kIceUdp);
  review.Demand(!candidates.empty(), content, "no candidate");
  for (const XmlElement* candidate : candidates) {
    for (const char* attribute :
         {"component", "foundation", "generation", "id", "ip", "network",
          "port", "priority", "protocol", "type"}) {
      review.Demand(candidate->HasAttribute(attribute), content,
                    std::string("a candidate without ") + attribute);
    }
    review.Demand(candidate->Attribute("component") == "1" &&
                      candidate->Attribute("protocol") == "udp" &&
                      candidate->Attribute("type") == "host",
                  content, "a candidate that is not ours");
  }
}

// XEP-0339; Conversations and stanza.js fail on a parameter without a value.
void DemandValues(Review& review, const XmlElement& content) {
  for (const XmlElement& source : review.Description(content).children) {
    if (!source.Is("source", ns::kSsrcAttributes)) continue;
    for (const XmlElement& parameter : source.children) {
      review.Demand(!parameter.Attribute("value").empty(), content,
                    "a parameter of a source has no value");
    }
  }
}

// What a content of the answer is called must be known, once, and in order:
// an answer in SDP has the m-lines of its offer (RFC 3264 s6).
void DemandNames(Review& review) {
  std::vector<std::string_view> answered;
  for (const XmlElement* content : review.contents()) {
    answered.push_back(content->Attribute("name"));
  }
  std::vector<std::string_view> offered;
  for (const Content& content : review.offer().contents) {
    if (content.description) offered.push_back(content.name);
  }
  review.Demand(answered == offered,
                "contents are not those of the offer, in its order");
}

void DemandGroup(Review& review) {
  const auto groups = ChildrenOf(review.jingle(), "group", ns::kGrouping);
  if (!review.offers_bundle()) {
    review.Demand(groups.empty(), "a group that was not offered");
    return;
  }
  if (!review.Demand(groups.size() == 1, "no group")) return;
  review.Demand(groups[0]->Attribute("semantics") == "BUNDLE", "no BUNDLE");
  std::set<std::string_view> members;
  for (const XmlElement& member : groups[0]->children) {
    members.insert(member.Attribute("name"));
  }
  std::set<std::pair<std::string_view, std::string_view>> transports;
  for (const XmlElement* content : review.contents()) {
    review.Demand(members.contains(content->Attribute("name")), *content,
                  "not in the group");
    transports.emplace(review.Transport(*content).Attribute("ufrag"),
                       review.Transport(*content).Attribute("pwd"));
  }
  review.Demand(transports.size() == 1, "a bundle of several transports");
}

Review BasicReview(const JingleMessage& offer, const XmlElement& answer) {
  Review review(offer, answer);
  review.Demand(answer.Attribute("type") == "set", "not an IQ set");
  review.Demand(
      review.jingle().Attribute("responder") == answer.Attribute("from"),
      "the responder is not who answers");
  review.Demand(!review.jingle().HasAttribute("initiator"),
                "an answer has no initiator");
  DemandNames(review);
  DemandGroup(review);
  for (const XmlElement* content : review.contents()) {
    const Content* offered = review.Offered(*content);
    if (offered == nullptr || !offered->description) continue;
    review.Demand(content->Attribute("creator") == offered->creator, *content,
                  "another creator");
    DemandChoice(review, *content, *offered->description);
    DemandTransport(review, *content);
    DemandValues(review, *content);
  }
  return review;
}

}  // namespace

AssertionResult AnyoneWouldAccept(const JingleMessage& offer,
                                  const XmlElement& answer) {
  return BasicReview(offer, answer).Verdict();
}

// Dino 0.4, libdino call_peer_state, xmpp-vala 0166_jingle and 0167_jingle_rtp,
// plugins ice and rtp.
AssertionResult DinoWouldAccept(const JingleMessage& offer,
                                const XmlElement& answer) {
  Review review = BasicReview(offer, answer);
  // session.vala: a bad-request otherwise.
  const auto responder = Jid::Parse(review.jingle().Attribute("responder"));
  review.Demand(responder && !responder->resource.empty(),
                "the responder is no full JID");
  std::set<std::string_view> ufrags;
  for (const XmlElement* content : review.contents()) {
    const XmlElement& description = review.Description(*content);
    // The first is what both sides send for good (stream.vala); more would be
    // an invitation to others.
    review.Demand(ChildrenOf(description, "payload-type", ns::kRtp).size() == 1,
                  *content, "not exactly one payload type");
    // Each content is an agent and a DTLS association of its own.
    review.Demand(
        ufrags.insert(review.Transport(*content).Attribute("ufrag")).second,
        *content, "a transport that another content has");
    // It starts as the server of an offer with actpass; as a client it has to
    // begin again (plugins/ice transport_parameters.vala).
    review.Demand(review.Setup(*content) == "active", *content,
                  "setup is not active");
    // "Got second ssrc ... ignoring".
    review.Demand(
        ChildrenOf(description, "source", ns::kSsrcAttributes).size() <= 1,
        *content, "more than one SSRC");
  }
  return review.Verdict();
}

// Conversations 2.12, xmpp/jingle RtpContentMap and JingleRtpConnection.
AssertionResult ConversationsWouldAccept(const JingleMessage& offer,
                                         const XmlElement& answer) {
  Review review = BasicReview(offer, answer);
  std::multiset<std::string_view> offered;
  for (const Content& content : review.offer().contents) {
    offered.insert(content.description->media == Media::kAudio ? "audio"
                                                               : "video");
  }
  std::multiset<std::string_view> answered;
  std::set<std::string_view> setups;
  for (const XmlElement* content : review.contents()) {
    answered.insert(review.Description(*content).Attribute("media"));
    setups.insert(review.Setup(*content));
  }
  // Anything else is a security-error, after which the call is over.
  review.Demand(answered == offered, "not exactly the media that were offered");
  review.Demand(setups.size() == 1, "setup differs between contents");
  return review.Verdict();
}

// Monal 6.4, MLCall.m and rust/sdp-to-jingle: libwebrtc gets the whole answer
// as SDP at once, with its candidates; one audio and one video.
AssertionResult MonalWouldAccept(const JingleMessage& offer,
                                 const XmlElement& answer) {
  Review review = BasicReview(offer, answer);
  for (const XmlElement* content : review.contents()) {
    review.Demand(
        review.Description(*content).Child("rtcp-mux", ns::kRtp) != nullptr,
        *content, "libwebrtc wants rtcp-mux");
  }
  review.Demand(review.contents().size() <= 2, "more than audio and video");
  return review.Verdict();
}

// Movim, JingletoSDP.php: `senders` is read in the words of who sends it.
AssertionResult MovimWouldAccept(const JingleMessage& offer,
                                 const XmlElement& answer) {
  Review review = BasicReview(offer, answer);
  for (const XmlElement* content : review.contents()) {
    const Content* offered = review.Offered(*content);
    if (offered == nullptr || offered->senders != Senders::kBoth) continue;
    review.Demand(!content->HasAttribute("senders") ||
                      content->Attribute("senders") == "none",
                  *content, "senders is said where both send");
  }
  return review.Verdict();
}

// stanza.js 12.22, src/jingle Session, MediaSession, ICESession, sdp/Protocol.
AssertionResult StanzaJsWouldAccept(const JingleMessage& offer,
                                    const XmlElement& answer) {
  Review review = BasicReview(offer, answer);
  for (const XmlElement* content : review.contents()) {
    const std::string_view senders = content->Attribute("senders");
    if (senders == "initiator" || senders == "none") continue;  // no stream
    const XmlElement& description = review.Description(*content);
    const XmlElement* source = description.Child("source", ns::kSsrcAttributes);
    const XmlElement* stream = description.Child("stream", ns::kMsid);
    if (!review.Demand(source != nullptr, *content, "no source") ||
        !review.Demand(stream != nullptr, *content, "no msid")) {
      continue;
    }
    review.Demand(source->Attribute("ssrc") == description.Attribute("ssrc"),
                  *content, "the first source is not the description's");
    std::set<std::string_view> parameters;
    for (const XmlElement& parameter : source->children) {
      parameters.insert(parameter.Attribute("name"));
    }
    review.Demand(parameters.contains("cname"), *content, "no cname");
    review.Demand(parameters.contains("msid"), *content, "no msid");
    review.Demand(!stream->Attribute("track").empty(), *content, "no track");
  }
  return review.Verdict();
}

// jingle.md s1.8. Errors and acknowledgements are fine at any time.
AssertionResult PlainClientWouldCope(const Stanza& stanza) {
  const auto* iq = std::get_if<Iq>(&stanza);
  if (iq == nullptr || iq->type != IqType::kSet) return AssertionSuccess();
  const auto* jingle = std::get_if<JingleMessage>(&iq->payload);
  if (jingle == nullptr) {
    return AssertionFailure() << "a request that no plain client knows";
  }
  // An element that is not known is ignored, but not everywhere.
  if (jingle->is_focus && jingle->action != JingleAction::kSessionAccept) {
    return AssertionFailure() << "a COIN element";
  }
  const size_t contents = jingle->description.contents.size();
  switch (jingle->action) {
    case JingleAction::kSessionAccept:
    case JingleAction::kSessionInfo:
    case JingleAction::kSessionTerminate:
      return AssertionSuccess();
    case JingleAction::kContentAccept:
    case JingleAction::kContentReject:
    case JingleAction::kTransportAccept:
    case JingleAction::kTransportReject:
    case JingleAction::kTransportInfo:
      // content_node.vala: "can't process multiple content nodes".
      if (contents == 1) return AssertionSuccess();
      return AssertionFailure() << contents << " contents in one stanza";
    default:
      return AssertionFailure()
             << Serialize(WriteStanza(stanza)) << " is not for plain clients";
  }
}

}  // namespace signaling
