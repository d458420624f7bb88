// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signaling {

// A stanza that the guard kept back, as far as it was read: enough to answer a
// request with an error. References are resolved.
struct RejectedStanza {
  std::string name;  // "iq", "message", ...
  std::string type;
  std::string from;
  std::string to;
  std::string id;
  std::string reason;
};

// Where the guard passes on what it let through.
class XmppGuardSink {
 public:
  virtual ~XmppGuardSink() = default;
  // The stream header, a whole stanza, or the stream's end tag.
  virtual void OnGuardPassed(std::string_view xml) = 0;
  virtual void OnGuardRejected(const RejectedStanza& stanza) = 0;
};

// Stands before the XML parser (reliability.md T29, T30): takes an XMPP stream
// in pieces of any size, lets whole stanzas through that are restricted XML
// (RFC 6120 s11), valid UTF-8 and within the limits, and keeps back the others
// one by one. What is not even well-formed ends the stream.
class XmppGuard {
 public:
  static constexpr size_t kMaxStanzaBytes = 128 * 1024;
  static constexpr size_t kMaxDepth = 32;       // a stanza is 1
  static constexpr size_t kMaxAttributes = 64;  // of one element
  static constexpr size_t kMaxElements = 4096;  // of one stanza

  // Returns false once the stream is of no use any more; error() says why.
  bool HandleBytes(std::string_view bytes, XmppGuardSink& sink);
  const std::string& error() const { return error_; }
  // Stanzas kept back since the beginning.
  uint64_t rejected() const { return rejected_count_; }

  // A new stream begins.
  void Reset() { *this = XmppGuard(); }

 private:
  struct Tag;

  // Open elements: 1 between stanzas.
  size_t Depth() const { return open_.size() + nameless_; }
  bool HandleByte(char byte, XmppGuardSink& sink);
  bool HandleTagByte(char byte, XmppGuardSink& sink);
  bool CheckUtf8(unsigned char byte);
  bool DropText();
  bool DropTag();
  bool EndText();
  bool EndTag(XmppGuardSink& sink);
  void EndDroppedTag(char last, XmppGuardSink& sink);
  bool HandleStartTag(std::string_view token, XmppGuardSink& sink);
  bool HandleEndTag(std::string_view token, XmppGuardSink& sink);
  bool ReadAttributes(std::string_view text, Tag& tag);
  void BeginStanza(const Tag& tag);
  void OpenElement(std::string_view name, bool empty, XmppGuardSink& sink);
  void CloseElement(XmppGuardSink& sink);
  void FinishStanza(XmppGuardSink& sink);
  void Reject(std::string reason);
  void Keep(std::string_view token);
  bool Fail(std::string reason);

  std::string error_;
  uint64_t rejected_count_ = 0;

  std::string token_;  // the text or tag being read
  bool in_tag_ = false;
  char quote_ = 0;  // in an attribute value, what ends it
  // Of a tag that is too large to be kept; token_ is its last byte.
  enum class Dropped : uint8_t { kNot, kStartTag, kEndTag };
  Dropped dropped_ = Dropped::kNot;
  int utf8_left_ = 0;
  unsigned char utf8_lead_ = 0;
  unsigned char utf8_min_ = 0x80;
  unsigned char utf8_max_ = 0xBF;

  std::vector<std::string> open_;  // names of open elements, the stream first
  // Elements open within those, of a stanza that is kept back. Their names are
  // not remembered, so that no depth costs memory.
  size_t nameless_ = 0;
  std::string stanza_;  // as far as it was let through
  size_t elements_ = 0;
  bool rejecting_ = false;  // the stanza at hand
  RejectedStanza identity_;
};

}  // namespace signaling
