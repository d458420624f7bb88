// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/xmpp_guard.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "signaling/xml_element.h"

namespace signaling {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Good enough for names: what ends one is certain, what is odd in one goes on
// to the parser, which does not mind.
bool IsNameChar(char c) {
  return !IsSpace(c) && c != '=' && c != '/' && c != '>' && c != '<' &&
         c != '\'' && c != '"' && c != '&';
}

// XML 1.0 s2.8.
bool IsXmlDeclaration(std::string_view tag) {
  return tag.starts_with("<?xml") && tag.ends_with("?>") && IsSpace(tag[5]);
}

// RFC 6120 s11.1: neither comments nor processing instructions, nor DTDs.
bool IsRestricted(std::string_view tag) {
  return tag.starts_with("<!") || tag.starts_with("<?");
}

// The name that `text` begins with.
std::string_view NameAt(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsNameChar);
  return text.substr(0, static_cast<size_t>(end - text.begin()));
}

}  // namespace

struct XmppGuard::Tag {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::string>> attributes;
  bool too_many = false;
  bool duplicate = false;
};

bool XmppGuard::HandleBytes(std::string_view bytes, XmppGuardSink& sink) {
  for (const char byte : bytes) {
    if (!error_.empty() || !HandleByte(byte, sink)) return false;
  }
  return error_.empty();
}

bool XmppGuard::HandleByte(char byte, XmppGuardSink& sink) {
  if (!CheckUtf8(static_cast<unsigned char>(byte))) {
    return Fail("not UTF-8, or no character of XML");
  }
  if (token_.size() >= kMaxStanzaBytes && !(in_tag_ ? DropTag() : DropText())) {
    return false;
  }
  if (in_tag_) return HandleTagByte(byte, sink);
  if (byte != '<') {
    token_ += byte;
    return true;
  }
  if (!EndText()) return false;
  in_tag_ = true;
  quote_ = 0;
  token_ = "<";
  return true;
}

bool XmppGuard::HandleTagByte(char byte, XmppGuardSink& sink) {
  if (byte == '<') return Fail("'<' inside a tag");
  const char last = token_.back();
  if (dropped_ != Dropped::kNot) token_.clear();
  token_ += byte;
  if (quote_ != 0) {
    if (byte == quote_) quote_ = 0;
    return true;
  }
  if (byte == '\'' || byte == '"') {
    quote_ = byte;
    return true;
  }
  if (byte != '>') return true;
  in_tag_ = false;
  bool ok = true;
  if (dropped_ != Dropped::kNot) {
    EndDroppedTag(last, sink);
  } else {
    ok = EndTag(sink);
  }
  token_.clear();
  return ok;
}

// Text that is larger than a stanza may be.
bool XmppGuard::DropText() {
  if (Depth() >= 2) {
    Reject("stanza too large");
  } else if (!std::all_of(token_.begin(), token_.end(), IsSpace)) {
    return Fail("text between stanzas");
  }
  token_.clear();
  return true;
}

// A tag that is larger than a stanza may be. A server lets a client's stanza
// be larger than we do, and all of it may be one attribute: it must not cost
// the others the stream. Where the tag ends can be seen without the rest.
bool XmppGuard::DropTag() {
  const bool end = token_.starts_with("</");
  if (open_.empty() || (end && Depth() == 1)) {
    return Fail("a stream's own tag larger than a stanza may be");
  }
  if (IsRestricted(token_)) return Fail("restricted XML");
  if (Depth() == 1) {
    Tag tag;  // as far as it can be read
    const std::string_view inner = std::string_view(token_).substr(1);
    tag.name = NameAt(inner);
    ReadAttributes(inner.substr(tag.name.size()), tag);
    BeginStanza(tag);
  }
  Reject("stanza too large");
  dropped_ = end ? Dropped::kEndTag : Dropped::kStartTag;
  token_.erase(0, token_.size() - 1);
  return true;
}

void XmppGuard::EndDroppedTag(char last, XmppGuardSink& sink) {
  const Dropped dropped = std::exchange(dropped_, Dropped::kNot);
  if (dropped == Dropped::kEndTag) {
    CloseElement(sink);
  } else {
    OpenElement({}, last == '/', sink);
  }
}

// RFC 3629 s4, byte by byte.
bool XmppGuard::CheckUtf8(unsigned char byte) {
  if (utf8_left_ > 0) {
    if (byte < utf8_min_ || byte > utf8_max_) return false;
    utf8_min_ = 0x80;
    // XML 1.0 s2.2: U+FFFE and U+FFFF are no characters.
    const bool last_ones = utf8_lead_ == 0xEF && utf8_left_ == 2;
    utf8_max_ = last_ones && byte == 0xBF ? 0xBD : 0xBF;
    --utf8_left_;
    return true;
  }
  utf8_lead_ = byte;
  if (byte < 0x80) {
    return byte >= 0x20 || byte == '\t' || byte == '\n' || byte == '\r';
  }
  if (byte >= 0xC2 && byte <= 0xDF) {
    utf8_left_ = 1;
  } else if (byte >= 0xE0 && byte <= 0xEF) {
    utf8_left_ = 2;
    if (byte == 0xE0) utf8_min_ = 0xA0;
    if (byte == 0xED) utf8_max_ = 0x9F;  // no surrogates
  } else if (byte >= 0xF0 && byte <= 0xF4) {
    utf8_left_ = 3;
    if (byte == 0xF0) utf8_min_ = 0x90;
    if (byte == 0xF4) utf8_max_ = 0x8F;
  } else {
    return false;
  }
  return true;
}

bool XmppGuard::EndText() {
  if (!ResolveReferences(token_)) return Fail("an unknown reference");
  if (Depth() >= 2) {
    Keep(token_);
  } else if (!std::all_of(token_.begin(), token_.end(), IsSpace)) {
    return Fail("text between stanzas");
  }
  token_.clear();
  return true;
}

bool XmppGuard::EndTag(XmppGuardSink& sink) {
  const std::string_view token = token_;
  if (open_.empty() && IsXmlDeclaration(token)) return true;
  if (IsRestricted(token)) return Fail("restricted XML");
  return token.starts_with("</") ? HandleEndTag(token, sink)
                                 : HandleStartTag(token, sink);
}

bool XmppGuard::HandleStartTag(std::string_view token, XmppGuardSink& sink) {
  std::string_view inner = token.substr(1, token.size() - 2);
  const bool empty = inner.ends_with('/');
  if (empty) inner.remove_suffix(1);
  Tag tag;
  tag.name = NameAt(inner);
  if (tag.name.empty() || !ReadAttributes(inner.substr(tag.name.size()), tag)) {
    return Fail("a malformed tag");
  }
  if (open_.empty()) {
    if (empty) return Fail("an empty stream");
    if (tag.too_many) return Fail("too many attributes of the stream");
    if (tag.duplicate) return Fail("an attribute twice in the stream's header");
    open_.emplace_back(tag.name);
    sink.OnGuardPassed(token);
    return true;
  }
  if (Depth() == 1) BeginStanza(tag);
  if (++elements_ > kMaxElements) Reject("too many elements");
  if (Depth() > kMaxDepth) Reject("nested too deeply");
  if (tag.too_many) Reject("too many attributes");
  if (tag.duplicate) Reject("an attribute twice");
  Keep(token);
  OpenElement(tag.name, empty, sink);
  return true;
}

bool XmppGuard::ReadAttributes(std::string_view text, Tag& tag) {
  size_t at = 0;
  const auto skip_space = [&] {
    while (at < text.size() && IsSpace(text[at])) ++at;
  };
  for (;;) {
    skip_space();
    if (at == text.size()) return true;
    const size_t begin = at;
    while (at < text.size() && IsNameChar(text[at])) ++at;
    const std::string_view key = text.substr(begin, at - begin);
    skip_space();
    if (key.empty() || at == text.size() || text[at] != '=') return false;
    ++at;
    skip_space();
    if (at == text.size() || (text[at] != '\'' && text[at] != '"')) {
      return false;
    }
    const size_t end = text.find(text[at], at + 1);
    if (end == std::string_view::npos) return false;
    std::optional<std::string> value =
        ResolveReferences(text.substr(at + 1, end - at - 1));
    if (!value) return false;
    at = end + 1;
    if (at < text.size() && !IsSpace(text[at])) return false;
    if (tag.attributes.size() == kMaxAttributes) {
      tag.too_many = true;  // counted no further
      continue;
    }
    for (const auto& [other, unused] : tag.attributes) {
      if (other == key) tag.duplicate = true;
    }
    tag.attributes.emplace_back(key, std::move(*value));
  }
}

bool XmppGuard::HandleEndTag(std::string_view token, XmppGuardSink& sink) {
  std::string_view name = token.substr(2, token.size() - 3);
  while (!name.empty() && IsSpace(name.back())) name.remove_suffix(1);
  if (open_.empty() || (nameless_ == 0 && open_.back() != name)) {
    return Fail("tags do not match");
  }
  if (Depth() == 1) {
    open_.clear();
    sink.OnGuardPassed(token);
    return true;
  }
  Keep(token);
  CloseElement(sink);
  return true;
}

void XmppGuard::BeginStanza(const Tag& tag) {
  stanza_.clear();
  elements_ = 0;
  rejecting_ = false;
  identity_ = RejectedStanza();
  identity_.name = tag.name;
  for (const auto& [key, value] : tag.attributes) {
    if (key == "type") identity_.type = value;
    if (key == "from") identity_.from = value;
    if (key == "to") identity_.to = value;
    if (key == "id") identity_.id = value;
  }
}

void XmppGuard::OpenElement(std::string_view name, bool empty,
                            XmppGuardSink& sink) {
  if (empty) {
    if (Depth() == 1) FinishStanza(sink);
  } else if (rejecting_) {
    ++nameless_;
  } else {
    open_.emplace_back(name);
  }
}

void XmppGuard::CloseElement(XmppGuardSink& sink) {
  if (nameless_ > 0) {
    --nameless_;
  } else {
    open_.pop_back();
  }
  if (Depth() == 1) FinishStanza(sink);
}

void XmppGuard::FinishStanza(XmppGuardSink& sink) {
  if (rejecting_) {
    ++rejected_count_;
    rejecting_ = false;
    sink.OnGuardRejected(identity_);
    return;
  }
  const std::string stanza = std::exchange(stanza_, {});
  sink.OnGuardPassed(stanza);
}

void XmppGuard::Reject(std::string reason) {
  if (rejecting_ || open_.empty()) return;
  rejecting_ = true;
  identity_.reason = std::move(reason);
  stanza_.clear();
}

void XmppGuard::Keep(std::string_view token) {
  if (rejecting_) return;
  // A longer reference would end gloox's stream, and all calls with it.
  constexpr size_t kMaxReference = 8;
  std::string shortened;
  if (token.find("&#") != std::string_view::npos) {
    shortened = ShortenReferences(token, kMaxReference);
    token = shortened;
  }
  if (stanza_.size() + token.size() > kMaxStanzaBytes) {
    Reject("stanza too large");
    return;
  }
  stanza_ += token;
}

bool XmppGuard::Fail(std::string reason) {
  error_ = std::move(reason);
  return false;
}

}  // namespace signaling
