// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/sdp.h"

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <vector>

#include "signaling/namespaces.h"

namespace bot {
namespace {

using signaling::Content;
using signaling::DtlsSetup;
using signaling::IceTransport;
using signaling::PayloadType;
using signaling::Senders;

std::string DirectionOf(Senders senders, bool initiator) {
  switch (senders) {
    case Senders::kBoth:
      return "sendrecv";
    case Senders::kNone:
      return "inactive";
    case Senders::kInitiator:
      return initiator ? "sendonly" : "recvonly";
    case Senders::kResponder:
      return initiator ? "recvonly" : "sendonly";
  }
  return "inactive";
}

std::string SetupName(DtlsSetup setup) {
  switch (setup) {
    case DtlsSetup::kActpass:
      return "actpass";
    case DtlsSetup::kActive:
      return "active";
    case DtlsSetup::kPassive:
      return "passive";
    case DtlsSetup::kHoldconn:
      return "holdconn";
  }
  return "actpass";
}

void WritePayloadType(const PayloadType& type, std::string* out) {
  absl::StrAppendFormat(
      out, "a=rtpmap:%d %s/%d%s\r\n", type.id, type.name, type.clock_rate,
      type.channels > 1 ? absl::StrCat("/", type.channels) : std::string());
  if (!type.parameters.empty()) {
    std::vector<std::string> parameters;
    for (const auto& [name, value] : type.parameters) {
      parameters.push_back(absl::StrCat(name, "=", value));
    }
    absl::StrAppendFormat(out, "a=fmtp:%d %s\r\n", type.id,
                          absl::StrJoin(parameters, ";"));
  }
  for (const auto& feedback : type.feedback) {
    absl::StrAppendFormat(
        out, "a=rtcp-fb:%d %s%s\r\n", type.id, feedback.type,
        feedback.subtype.empty() ? "" : absl::StrCat(" ", feedback.subtype));
  }
}

void WriteTransport(const IceTransport& transport, std::string* out) {
  absl::StrAppendFormat(out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n",
                        transport.ufrag, transport.pwd);
  if (transport.fingerprint) {
    std::vector<std::string> bytes;
    for (const uint8_t byte : transport.fingerprint->digest) {
      bytes.push_back(absl::StrFormat("%02X", byte));
    }
    absl::StrAppendFormat(
        out, "a=fingerprint:%s %s\r\na=setup:%s\r\n",
        transport.fingerprint->hash, absl::StrJoin(bytes, ":"),
        SetupName(transport.fingerprint->setup.value_or(DtlsSetup::kActpass)));
  }
  for (const auto& c : transport.candidates) {
    absl::StrAppendFormat(out, "a=candidate:%s %d %s %d %s %d typ %s\r\n",
                          c.foundation, c.component, c.protocol, c.priority,
                          c.ip, c.port, c.type);
  }
}

// ---- reading ----

// The part of `line` up to the next space, which is taken from it.
std::string TakeWord(std::string_view* line) {
  const size_t space = line->find(' ');
  const std::string word(line->substr(0, space));
  *line = space == line->npos ? "" : line->substr(space + 1);
  return word;
}

class Reader {
 public:
  explicit Reader(bool from_initiator) : from_initiator_(from_initiator) {}

  bool ReadLine(std::string_view line) {
    if (line.size() < 2 || line[1] != '=') return false;
    const std::string_view value = line.substr(2);
    switch (line[0]) {
      case 'm':
        return ReadMedia(value);
      case 'a':
        return ReadAttribute(value);
      default:
        return true;
    }
  }

  std::string Finish(signaling::SessionDescription* out) {
    if (contents_.empty()) return "it has no media section";
    for (Content& content : contents_) {
      IceTransport& transport = *content.transport;
      if (transport.ufrag.empty()) transport.ufrag = session_.ufrag;
      if (transport.pwd.empty()) transport.pwd = session_.pwd;
      if (!transport.fingerprint) transport.fingerprint = session_.fingerprint;
      if (transport.fingerprint && !transport.fingerprint->setup) {
        transport.fingerprint->setup = setup_;
      }
    }
    out->contents = std::move(contents_);
    out->groups = std::move(groups_);
    return "";
  }

 private:
  bool ReadMedia(std::string_view value) {
    std::string_view rest = value;
    const std::string kind = TakeWord(&rest);
    const std::string port = TakeWord(&rest);
    TakeWord(&rest);  // protocol
    Content content;
    content.name = std::to_string(contents_.size());
    content.description_ns = signaling::ns::kRtp;
    content.description.emplace();
    content.description->media = kind == "audio"   ? signaling::Media::kAudio
                                 : kind == "video" ? signaling::Media::kVideo
                                                   : signaling::Media::kOther;
    content.transport_ns = signaling::ns::kIceUdp;
    content.transport.emplace();
    // Refused (RFC 3264 s6), unless it is one of a bundle.
    rejected_ = port == "0";
    content.senders = rejected_ ? Senders::kNone : Senders::kBoth;
    while (!rest.empty()) {
      const std::string format = TakeWord(&rest);
      unsigned id = 0;
      if (!absl::SimpleAtoi(format, &id)) continue;
      if (id > 127) return false;
      content.description->payload_types.emplace_back().id =
          static_cast<uint8_t>(id);
    }
    contents_.push_back(std::move(content));
    return true;
  }

  bool ReadAttribute(std::string_view attribute) {
    const size_t colon = attribute.find(':');
    const std::string name(attribute.substr(0, colon));
    const std::string_view value =
        colon == attribute.npos ? "" : attribute.substr(colon + 1);
    IceTransport& transport =
        contents_.empty() ? session_ : *contents_.back().transport;
    if (name == "ice-ufrag") {
      transport.ufrag = std::string(value);
    } else if (name == "ice-pwd") {
      transport.pwd = std::string(value);
    } else if (name == "fingerprint") {
      return ReadFingerprint(value, transport);
    } else if (name == "setup") {
      return ReadSetup(value, transport);
    } else if (name == "group") {
      std::vector<std::string> words = absl::StrSplit(std::string(value), ' ');
      signaling::ContentGroup group;
      group.semantics = words.front();
      group.contents.assign(words.begin() + 1, words.end());
      groups_.push_back(std::move(group));
    } else if (!contents_.empty()) {
      return ReadMediaAttribute(name, value);
    }
    return true;
  }

  bool ReadMediaAttribute(const std::string& name, std::string_view value) {
    Content& content = contents_.back();
    signaling::RtpDescription& description = *content.description;
    if (name == "mid") {
      content.name = std::string(value);
    } else if (name == "rtcp-mux") {
      description.rtcp_mux = true;
    } else if (name == "candidate") {
      return ReadCandidate(value, *content.transport);
    } else if (name == "rtpmap") {
      return ReadRtpmap(value, description);
    } else if (name == "fmtp") {
      return ReadFmtp(value, description);
    } else if (name == "rtcp-fb") {
      return ReadFeedback(value, description);
    } else if (name == "extmap") {
      return ReadExtension(value, description);
    } else if (name == "ssrc") {
      return ReadSsrc(value, description);
    } else if (name == "ssrc-group") {
      return ReadSsrcGroup(value, description);
    } else if (!rejected_) {
      ReadDirection(name, content);
    }
    return true;
  }

  void ReadDirection(const std::string& name, Content& content) const {
    if (name == "sendrecv") content.senders = Senders::kBoth;
    if (name == "inactive") content.senders = Senders::kNone;
    if (name == "sendonly" || name == "recvonly") {
      const bool initiator_sends = (name == "sendonly") == from_initiator_;
      content.senders =
          initiator_sends ? Senders::kInitiator : Senders::kResponder;
    }
  }

  static bool ReadFingerprint(std::string_view value, IceTransport& transport) {
    signaling::Fingerprint fingerprint;
    fingerprint.hash = absl::AsciiStrToLower(TakeWord(&value));
    for (const std::string& byte :
         std::vector<std::string>(absl::StrSplit(std::string(value), ':'))) {
      if (byte.size() != 2 || !absl::ascii_isxdigit(byte[0]) ||
          !absl::ascii_isxdigit(byte[1])) {
        return false;
      }
      fingerprint.digest.push_back(
          static_cast<uint8_t>(absl::HexStringToBytes(byte)[0]));
    }
    if (transport.fingerprint) fingerprint.setup = transport.fingerprint->setup;
    transport.fingerprint = std::move(fingerprint);
    return true;
  }

  bool ReadSetup(std::string_view value, IceTransport& transport) {
    std::optional<DtlsSetup> setup;
    for (const DtlsSetup each : {DtlsSetup::kActpass, DtlsSetup::kActive,
                                 DtlsSetup::kPassive, DtlsSetup::kHoldconn}) {
      if (value == SetupName(each)) setup = each;
    }
    if (!setup) return false;
    if (transport.fingerprint) transport.fingerprint->setup = setup;
    setup_ = *setup;
    return true;
  }

  // foundation component protocol priority address port "typ" type ...
  static bool ReadCandidate(std::string_view value, IceTransport& transport) {
    const std::vector<std::string> words =
        absl::StrSplit(std::string(value), ' ', absl::SkipEmpty());
    signaling::IceCandidate candidate;
    unsigned component = 0;
    unsigned port = 0;
    if (words.size() < 8 || !absl::SimpleAtoi(words[1], &component) ||
        !absl::SimpleAtoi(words[3], &candidate.priority) ||
        !absl::SimpleAtoi(words[5], &port) || component > 255 ||
        port > 65'535) {
      return false;
    }
    candidate.foundation = words[0];
    candidate.component = static_cast<uint8_t>(component);
    candidate.protocol = absl::AsciiStrToLower(words[2]);
    candidate.ip = words[4];
    candidate.port = static_cast<uint16_t>(port);
    candidate.type = words[7];
    transport.candidates.push_back(std::move(candidate));
    return true;
  }

  static PayloadType* TakeType(std::string_view* value,
                               signaling::RtpDescription& description) {
    unsigned id = 0;
    if (!absl::SimpleAtoi(TakeWord(value), &id)) return nullptr;
    for (PayloadType& type : description.payload_types) {
      if (type.id == id) return &type;
    }
    return nullptr;
  }

  static bool ReadRtpmap(std::string_view value,
                         signaling::RtpDescription& description) {
    PayloadType* type = TakeType(&value, description);
    if (type == nullptr) return true;  // of a format that is not offered
    const std::vector<std::string> parts =
        absl::StrSplit(std::string(value), '/');
    type->name = parts[0];
    unsigned channels = 1;
    if (parts.size() < 2 || !absl::SimpleAtoi(parts[1], &type->clock_rate) ||
        (parts.size() > 2 && !absl::SimpleAtoi(parts[2], &channels))) {
      return false;
    }
    type->channels = static_cast<uint8_t>(channels);
    return true;
  }

  static bool ReadFmtp(std::string_view value,
                       signaling::RtpDescription& description) {
    PayloadType* type = TakeType(&value, description);
    if (type == nullptr) return true;
    for (const std::string& parameter :
         std::vector<std::string>(absl::StrSplit(std::string(value), ';'))) {
      const std::string trimmed(absl::StripAsciiWhitespace(parameter));
      const size_t equals = trimmed.find('=');
      type->parameters.emplace_back(
          trimmed.substr(0, equals),
          equals == trimmed.npos ? "" : trimmed.substr(equals + 1));
    }
    return true;
  }

  static bool ReadFeedback(std::string_view value,
                           signaling::RtpDescription& description) {
    PayloadType* type = TakeType(&value, description);
    if (type == nullptr) return true;  // for all ("*"), which nobody needs
    signaling::RtcpFeedback feedback;
    feedback.type = TakeWord(&value);
    feedback.subtype = std::string(value);
    type->feedback.push_back(std::move(feedback));
    return true;
  }

  static bool ReadExtension(std::string_view value,
                            signaling::RtpDescription& description) {
    const std::string id_text = TakeWord(&value);
    unsigned id = 0;
    if (!absl::SimpleAtoi(id_text.substr(0, id_text.find('/')), &id) ||
        id == 0 || id > 255) {
      return false;
    }
    description.extensions.push_back(
        {static_cast<uint8_t>(id), TakeWord(&value), Senders::kBoth});
    return true;
  }

  static bool ReadSsrc(std::string_view value,
                       signaling::RtpDescription& description) {
    uint32_t ssrc = 0;
    if (!absl::SimpleAtoi(TakeWord(&value), &ssrc)) return false;
    if (!description.ssrc) description.ssrc = ssrc;
    auto& sources = description.sources;
    if (std::none_of(sources.begin(), sources.end(),
                     [ssrc](const auto& each) { return each.ssrc == ssrc; })) {
      sources.push_back({ssrc, {}});
    }
    return true;
  }

  static bool ReadSsrcGroup(std::string_view value,
                            signaling::RtpDescription& description) {
    signaling::SsrcGroup group;
    group.semantics = TakeWord(&value);
    while (!value.empty()) {
      uint32_t ssrc = 0;
      if (!absl::SimpleAtoi(TakeWord(&value), &ssrc)) return false;
      group.ssrcs.push_back(ssrc);
    }
    description.ssrc_groups.push_back(std::move(group));
    return true;
  }

  const bool from_initiator_;
  bool rejected_ = false;
  IceTransport session_;
  DtlsSetup setup_ = DtlsSetup::kActpass;
  std::vector<Content> contents_;
  std::vector<signaling::ContentGroup> groups_;
};

}  // namespace

std::string WriteSdp(const signaling::SessionDescription& description,
                     bool initiator) {
  std::string out = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
  for (const auto& group : description.groups) {
    absl::StrAppendFormat(&out, "a=group:%s %s\r\n", group.semantics,
                          absl::StrJoin(group.contents, " "));
  }
  for (const Content& content : description.contents) {
    if (!content.description) continue;
    const auto& media = *content.description;
    std::vector<int> ids;
    for (const PayloadType& type : media.payload_types) ids.push_back(type.id);
    absl::StrAppendFormat(
        &out,
        "m=%s %d UDP/TLS/RTP/SAVPF %s\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\n"
        "a=%s\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
        media.media == signaling::Media::kAudio ? "audio" : "video",
        ids.empty() ? 0 : 9, ids.empty() ? "0" : absl::StrJoin(ids, " "),
        content.name, DirectionOf(content.senders, initiator));
    for (const auto& extension : media.extensions) {
      absl::StrAppendFormat(&out, "a=extmap:%d %s\r\n", extension.id,
                            extension.uri);
    }
    for (const PayloadType& type : media.payload_types) {
      WritePayloadType(type, &out);
    }
    for (const auto& group : media.ssrc_groups) {
      absl::StrAppendFormat(&out, "a=ssrc-group:%s %s\r\n", group.semantics,
                            absl::StrJoin(group.ssrcs, " "));
    }
    for (const auto& source : media.sources) {
      for (const auto& [name, value] : source.parameters) {
        absl::StrAppendFormat(&out, "a=ssrc:%d %s:%s\r\n", source.ssrc, name,
                              value);
      }
    }
    if (content.transport) WriteTransport(*content.transport, &out);
  }
  return out;
}

std::optional<signaling::SessionDescription> ParseSdp(std::string_view sdp,
                                                      bool from_initiator,
                                                      std::string* error) {
  Reader reader(from_initiator);
  for (size_t at = 0; at < sdp.size();) {
    const size_t end = std::min(sdp.find('\n', at), sdp.size());
    std::string_view line = sdp.substr(at, end - at);
    at = end + 1;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    if (!reader.ReadLine(line)) {
      *error = "SDP that cannot be used: " + std::string(line.substr(0, 200));
      return std::nullopt;
    }
  }
  signaling::SessionDescription description;
  *error = reader.Finish(&description);
  if (!error->empty()) {
    *error = "SDP that cannot be used: " + *error;
    return std::nullopt;
  }
  return description;
}

}  // namespace bot
