// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/description_codec.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "signaling/limits.h"
#include "signaling/namespaces.h"

namespace signaling {
namespace {

constexpr std::array<std::pair<Senders, std::string_view>, 4> kSenders = {{
    {Senders::kBoth, "both"},
    {Senders::kInitiator, "initiator"},
    {Senders::kResponder, "responder"},
    {Senders::kNone, "none"},
}};

std::nullopt_t Fail(std::string* error, std::string text) {
  *error = std::move(text);
  return std::nullopt;
}

void ReadParameter(const XmlElement& element, Parameters& out) {
  if (out.size() < limits::kParameters) {
    out.emplace_back(ParseText(element, "name"), ParseText(element, "value"));
  }
}

XmlElement WriteParameter(const std::string& name, const std::string& value,
                          std::string_view ns) {
  XmlElement element("parameter", ns);
  // Some have none: XEP-0339's, and what stanza.js makes of "111/111".
  element.Set("name", name).SetIf("value", value);
  return element;
}

void ReadFeedback(const XmlElement& element, std::vector<RtcpFeedback>& out) {
  if (out.size() < limits::kFeedbackTypes) {
    out.push_back({ParseText(element, "type"), ParseText(element, "subtype")});
  }
}

XmlElement WriteFeedback(const RtcpFeedback& feedback) {
  XmlElement element("rtcp-fb", ns::kRtcpFeedback);
  element.Set("type", feedback.type).SetIf("subtype", feedback.subtype);
  return element;
}

std::optional<PayloadType> ReadPayloadType(const XmlElement& element,
                                           std::string* error) {
  PayloadType type;
  const auto id = ParseNumber(element.Attribute("id"), 127);
  if (!id) return Fail(error, "payload-type id is not a number from 0 to 127");
  type.id = static_cast<uint8_t>(*id);
  type.name = ParseText(element, "name");
  if (element.HasAttribute("clockrate")) {
    const auto rate = ParseNumber(element.Attribute("clockrate"), 1'000'000);
    if (!rate) return Fail(error, "payload-type clockrate is no sane number");
    type.clock_rate = *rate;
  }
  if (element.HasAttribute("channels")) {
    const auto channels = ParseNumber(element.Attribute("channels"), 255);
    if (!channels) return Fail(error, "payload-type channels is no number");
    type.channels = static_cast<uint8_t>(*channels);
  }
  for (const XmlElement& child : element.children) {
    if (child.Is("parameter", ns::kRtp)) {
      ReadParameter(child, type.parameters);
    } else if (child.Is("rtcp-fb", ns::kRtcpFeedback)) {
      ReadFeedback(child, type.feedback);
    }
  }
  return type;
}

XmlElement WritePayloadType(const PayloadType& type) {
  XmlElement element("payload-type", ns::kRtp);
  element.Set("id", std::to_string(type.id)).SetIf("name", type.name);
  if (type.clock_rate != 0) {
    element.Set("clockrate", std::to_string(type.clock_rate));
  }
  if (type.channels != 1) {
    element.Set("channels", std::to_string(type.channels));
  }
  for (const auto& [name, value] : type.parameters) {
    element.Add(WriteParameter(name, value, ns::kRtp));
  }
  for (const RtcpFeedback& feedback : type.feedback) {
    element.Add(WriteFeedback(feedback));
  }
  return element;
}

Senders ReadSenders(std::string_view text) {
  for (const auto& [value, name] : kSenders) {
    if (name == text) return value;
  }
  return Senders::kBoth;
}

std::optional<SsrcGroup> ReadGroup(const XmlElement& element) {
  SsrcGroup group;
  group.semantics = ParseText(element, "semantics");
  for (const XmlElement& child : element.children) {
    if (!child.Is("source", ns::kSsrcAttributes)) continue;
    const auto ssrc = ParseNumber(child.Attribute("ssrc"), UINT32_MAX);
    if (!ssrc || group.ssrcs.size() == limits::kSsrcs) return std::nullopt;
    group.ssrcs.push_back(*ssrc);
  }
  return group;
}

// Takes one child of <description/>. False, with a reason, if it is malformed.
bool ReadChild(const XmlElement& child, RtpDescription& out,
               std::string* error) {
  const auto fail = [error](std::string text) {
    *error = std::move(text);
    return false;
  };
  if (child.Is("payload-type", ns::kRtp)) {
    if (out.payload_types.size() == limits::kPayloadTypesPerContent) {
      return fail("more than 64 payload types in a content");
    }
    auto type = ReadPayloadType(child, error);
    if (!type) return false;
    out.payload_types.push_back(std::move(*type));
  } else if (child.Is("rtcp-fb", ns::kRtcpFeedback)) {
    ReadFeedback(child, out.feedback);
  } else if (child.Is("rtp-hdrext", ns::kHeaderExtensions)) {
    const auto id = ParseNumber(child.Attribute("id"), 255);
    if (!id || *id == 0) return fail("rtp-hdrext id is not from 1 to 255");
    if (out.extensions.size() == limits::kExtensions) {
      return fail("more than 32 header extensions");
    }
    out.extensions.push_back({static_cast<uint8_t>(*id),
                              ParseText(child, "uri"),
                              ReadSenders(child.Attribute("senders"))});
  } else if (child.Is("source", ns::kSsrcAttributes)) {
    const auto ssrc = ParseNumber(child.Attribute("ssrc"), UINT32_MAX);
    if (!ssrc) return fail("source ssrc is not a 32-bit number");
    if (out.sources.size() == limits::kSsrcs) return fail("too many sources");
    SsrcSource source;
    source.ssrc = *ssrc;
    for (const XmlElement& parameter : child.children) {
      if (parameter.name == "parameter") {
        ReadParameter(parameter, source.parameters);
      }
    }
    out.sources.push_back(std::move(source));
  } else if (child.Is("ssrc-group", ns::kSsrcAttributes)) {
    auto group = ReadGroup(child);
    if (!group) return fail("ssrc-group holds no 32-bit numbers, or too many");
    if (out.ssrc_groups.size() == limits::kGroups) {
      return fail("too many groups");
    }
    out.ssrc_groups.push_back(std::move(*group));
  } else if (child.Is("stream", ns::kMsid)) {
    out.stream = StreamId{ParseText(child, "id"), ParseText(child, "track")};
  } else if (child.Is("rtcp-mux", ns::kRtp)) {
    out.rtcp_mux = true;
  } else if (child.name == "rtcp-rsize" || child.name == "rtcp-reduced-size") {
    out.rtcp_reduced_size = true;
  } else if (child.Is("encryption", ns::kRtp)) {
    out.has_sdes_encryption = true;
  }
  return true;
}

// Pairs of hexadecimal digits between colons (RFC 8122 s5), of no hash that is
// longer than SHA-512. Empty if it is anything else.
std::vector<uint8_t> ReadDigest(std::string_view text) {
  constexpr size_t kLongest = 64 * 3 - 1;
  constexpr std::string_view kSpace = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  text = text.substr(0, text.find_last_not_of(kSpace) + 1);
  if (text.size() % 3 != 2 || text.size() > kLongest) return {};
  std::vector<uint8_t> digest;
  for (; !text.empty(); text.remove_prefix(std::min<size_t>(3, text.size()))) {
    uint8_t byte = 0;
    const auto [end, failed] =
        std::from_chars(text.data(), text.data() + 2, byte, 16);
    if (failed != std::errc() || end != text.data() + 2 ||
        (text.size() > 2 && text[2] != ':')) {
      return {};
    }
    digest.push_back(byte);
  }
  return digest;
}

Fingerprint ReadFingerprint(const XmlElement& element) {
  Fingerprint fingerprint;
  for (const char c : CutText(element.Attribute("hash"), 16)) {
    fingerprint.hash +=
        c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  const std::string_view setup = element.Attribute("setup");
  if (setup == "actpass") fingerprint.setup = DtlsSetup::kActpass;
  if (setup == "active") fingerprint.setup = DtlsSetup::kActive;
  if (setup == "passive") fingerprint.setup = DtlsSetup::kPassive;
  if (setup == "holdconn") fingerprint.setup = DtlsSetup::kHoldconn;
  fingerprint.digest = ReadDigest(element.text);
  return fingerprint;
}

XmlElement WriteFingerprint(const Fingerprint& fingerprint) {
  constexpr std::array<std::string_view, 4> kSetups = {"actpass", "active",
                                                       "passive", "holdconn"};
  constexpr std::string_view kHex = "0123456789ABCDEF";
  XmlElement element("fingerprint", ns::kDtls);
  element.Set("hash", fingerprint.hash);
  if (fingerprint.setup) {
    element.Set("setup", kSetups[static_cast<size_t>(*fingerprint.setup)]);
  }
  for (const uint8_t byte : fingerprint.digest) {
    if (!element.text.empty()) element.text += ':';
    element.text += kHex[byte >> 4];
    element.text += kHex[byte & 0x0F];
  }
  return element;
}

// Nothing for a candidate that we could not use anyway.
std::optional<IceCandidate> ReadCandidate(const XmlElement& element) {
  IceCandidate candidate;
  const auto component = ParseNumber(element.Attribute("component"), 255);
  const auto port = ParseNumber(element.Attribute("port"), 65535);
  const auto priority = ParseNumber(element.Attribute("priority"), UINT32_MAX);
  if (!component || *component == 0 || !port || !priority) return std::nullopt;
  candidate.id = ParseText(element, "id");
  candidate.foundation = ParseText(element, "foundation");
  candidate.component = static_cast<uint8_t>(*component);
  candidate.generation = static_cast<uint8_t>(
      ParseNumber(element.Attribute("generation"), 255).value_or(0));
  candidate.network = static_cast<uint8_t>(
      ParseNumber(element.Attribute("network"), 255).value_or(0));
  candidate.protocol = ParseText(element, "protocol");
  candidate.type = ParseText(element, "type");
  candidate.ip = ParseText(element, "ip");
  candidate.port = static_cast<uint16_t>(*port);
  candidate.priority = *priority;
  return candidate;
}

XmlElement WriteCandidate(const IceCandidate& candidate) {
  XmlElement element("candidate", ns::kIceUdp);
  element.Set("component", std::to_string(candidate.component))
      .Set("foundation", candidate.foundation)
      .Set("generation", std::to_string(candidate.generation))
      .Set("id", candidate.id)
      .Set("ip", candidate.ip)
      .Set("network", std::to_string(candidate.network))
      .Set("port", std::to_string(candidate.port))
      .Set("priority", std::to_string(candidate.priority))
      .Set("protocol", candidate.protocol)
      .Set("type", candidate.type);
  return element;
}

}  // namespace

std::string ParseText(const XmlElement& element, std::string_view attribute) {
  return std::string(CutText(element.Attribute(attribute), limits::kTextBytes));
}

std::optional<uint32_t> ParseNumber(std::string_view text, uint32_t max) {
  uint32_t value = 0;
  const auto [end, failed] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() ||
      value > max) {
    return std::nullopt;
  }
  return value;
}

std::optional<RtpDescription> ParseRtpDescription(const XmlElement& element,
                                                  std::string* error) {
  RtpDescription description;
  const std::string_view media = element.Attribute("media");
  if (media == "audio") description.media = Media::kAudio;
  if (media == "video") description.media = Media::kVideo;
  if (element.HasAttribute("ssrc")) {
    description.ssrc = ParseNumber(element.Attribute("ssrc"), UINT32_MAX);
    if (!description.ssrc) return Fail(error, "ssrc is not a 32-bit number");
  }
  for (const XmlElement& child : element.children) {
    if (!ReadChild(child, description, error)) return std::nullopt;
  }
  return description;
}

XmlElement WriteRtpDescription(const RtpDescription& description) {
  XmlElement element("description", ns::kRtp);
  if (description.media == Media::kAudio) element.Set("media", "audio");
  if (description.media == Media::kVideo) element.Set("media", "video");
  if (description.ssrc) {
    element.Set("ssrc", std::to_string(*description.ssrc));
  }
  for (const PayloadType& type : description.payload_types) {
    element.Add(WritePayloadType(type));
  }
  for (const RtcpFeedback& feedback : description.feedback) {
    element.Add(WriteFeedback(feedback));
  }
  for (const HeaderExtension& extension : description.extensions) {
    XmlElement child("rtp-hdrext", ns::kHeaderExtensions);
    child.Set("id", std::to_string(extension.id)).Set("uri", extension.uri);
    if (extension.senders != Senders::kBoth) {
      child.Set("senders",
                kSenders[static_cast<size_t>(extension.senders)].second);
    }
    element.Add(std::move(child));
  }
  for (const SsrcSource& source : description.sources) {
    XmlElement child("source", ns::kSsrcAttributes);
    child.Set("ssrc", std::to_string(source.ssrc));
    for (const auto& [name, value] : source.parameters) {
      child.Add(WriteParameter(name, value, ns::kSsrcAttributes));
    }
    element.Add(std::move(child));
  }
  for (const SsrcGroup& group : description.ssrc_groups) {
    XmlElement child("ssrc-group", ns::kSsrcAttributes);
    child.Set("semantics", group.semantics);
    for (const uint32_t ssrc : group.ssrcs) {
      child.Add(XmlElement("source", ns::kSsrcAttributes))
          .Set("ssrc", std::to_string(ssrc));
    }
    element.Add(std::move(child));
  }
  if (description.stream) {
    element.Add(XmlElement("stream", ns::kMsid))
        .Set("id", description.stream->stream)
        .Set("track", description.stream->track);
  }
  if (description.rtcp_mux) element.Add(XmlElement("rtcp-mux", ns::kRtp));
  if (description.rtcp_reduced_size) {
    element.Add(XmlElement("rtcp-reduced-size", ns::kRtp));
  }
  return element;
}

std::optional<IceTransport> ParseIceTransport(const XmlElement& element,
                                              std::string* error) {
  IceTransport transport;
  transport.ufrag = element.Attribute("ufrag");
  transport.pwd = element.Attribute("pwd");
  if (transport.ufrag.size() > 256 || transport.pwd.size() > 256) {
    return Fail(error, "ufrag and pwd are 256 characters at most");
  }
  for (const XmlElement& child : element.children) {
    if (child.Is("candidate", ns::kIceUdp)) {
      if (transport.candidates.size() == limits::kCandidatesPerContent) {
        return Fail(error, "more than 64 candidates in a content");
      }
      if (auto candidate = ReadCandidate(child)) {
        transport.candidates.push_back(std::move(*candidate));
      }
    } else if (child.Is("fingerprint", ns::kDtls)) {
      transport.fingerprint = ReadFingerprint(child);
    } else if (child.name == "gathering-complete") {
      transport.gathering_complete = true;
    }
  }
  return transport;
}

XmlElement WriteIceTransport(const IceTransport& transport) {
  XmlElement element("transport", ns::kIceUdp);
  element.SetIf("ufrag", transport.ufrag).SetIf("pwd", transport.pwd);
  if (transport.fingerprint) {
    element.Add(WriteFingerprint(*transport.fingerprint));
  }
  for (const IceCandidate& candidate : transport.candidates) {
    element.Add(WriteCandidate(candidate));
  }
  if (transport.gathering_complete) {
    element.Add(XmlElement("gathering-complete", ns::kIceUdp));
  }
  return element;
}

}  // namespace signaling
