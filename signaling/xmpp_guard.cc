// SPDX-License-Identifier: GPL-3.0-or-later
#include "signaling/xmpp_guard.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace signaling {
namespace {

// Deeper than any stanza that is let through, so that even one that is kept
// back costs a bounded amount of memory.
constexpr size_t kHardDepth = 1024;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Good enough for names: what ends one is certain, what is odd in one goes on
// to the parser, which does not mind.
bool IsNameChar(char c) {
  return !IsSpace(c) && c != '=' && c != '/' && c != '>' && c != '<' &&
         c != '\'' && c != '"' && c != '&';
}

bool IsXmlChar(uint32_t c) {
  return c == 0x9 || c == 0xA || c == 0xD || (c >= 0x20 && c <= 0xD7FF) ||
         (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

// Whether every '&' in `text` begins a reference of XML 1.0's own.
bool ReferencesAreSane(std::string_view text) {
  for (size_t at = text.find('&'); at != std::string_view::npos;
       at = text.find('&', at + 1)) {
    const size_t end = text.find(';', at);
    if (end == std::string_view::npos || end - at > 10) return false;
    std::string_view name = text.substr(at + 1, end - at - 1);
    if (name == "amp" || name == "lt" || name == "gt" || name == "quot" ||
        name == "apos") {
      continue;
    }
    if (name.size() < 2 || name[0] != '#') return false;
    name.remove_prefix(1);
    int base = 10;
    if (name[0] == 'x') {
      base = 16;
      name.remove_prefix(1);
    }
    uint32_t code = 0;
    const auto [last, failed] =
        std::from_chars(name.data(), name.data() + name.size(), code, base);
    if (failed != std::errc() || last != name.data() + name.size() ||
        !IsXmlChar(code)) {
      return false;
    }
  }
  return true;
}

}  // namespace

struct XmppGuard::Tag {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::string_view>> attributes;
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
    return Fail("not UTF-8, or a control character");
  }
  if (token_.size() >= kMaxStanzaBytes) {
    // One text or tag that is larger than a stanza may be. Text can be thrown
    // away; a tag cannot be read any more.
    if (in_tag_) return Fail("a tag larger than a stanza may be");
    Reject("stanza too large");
    token_.clear();
  }
  if (!in_tag_) {
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
  token_ += byte;
  if (byte == '<') return Fail("'<' inside a tag");
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
  const bool ok = EndTag(sink);
  token_.clear();
  return ok;
}

// RFC 3629 s4, byte by byte.
bool XmppGuard::CheckUtf8(unsigned char byte) {
  if (utf8_left_ > 0) {
    if (byte < utf8_min_ || byte > utf8_max_) return false;
    utf8_min_ = 0x80;
    utf8_max_ = 0xBF;
    --utf8_left_;
    return true;
  }
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
  if (!ReferencesAreSane(token_)) return Fail("an unknown reference");
  if (open_.size() >= 2) {
    Keep(token_);
  } else if (!std::all_of(token_.begin(), token_.end(), IsSpace)) {
    return Fail("text between stanzas");
  }
  token_.clear();
  return true;
}

bool XmppGuard::EndTag(XmppGuardSink& sink) {
  const std::string_view token = token_;
  if (token.starts_with("<?xml") && open_.empty()) return true;
  // RFC 6120 s11.1: neither comments nor processing instructions, nor DTDs.
  if (token.starts_with("<!") || token.starts_with("<?")) {
    return Fail("restricted XML");
  }
  return token.starts_with("</") ? HandleEndTag(token, sink)
                                 : HandleStartTag(token, sink);
}

bool XmppGuard::HandleStartTag(std::string_view token, XmppGuardSink& sink) {
  std::string_view inner = token.substr(1, token.size() - 2);
  const bool empty = inner.ends_with('/');
  if (empty) inner.remove_suffix(1);
  size_t name_end = 0;
  while (name_end < inner.size() && IsNameChar(inner[name_end])) ++name_end;
  Tag tag;
  tag.name = inner.substr(0, name_end);
  if (tag.name.empty() || !ReadAttributes(inner.substr(name_end), tag)) {
    return Fail("a malformed tag");
  }
  if (open_.empty()) {
    if (empty) return Fail("an empty stream");
    open_.emplace_back(tag.name);
    sink.OnGuardPassed(token);
    return true;
  }
  if (open_.size() == 1) {  // a stanza begins
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
  if (++elements_ > kMaxElements) Reject("too many elements");
  if (open_.size() > kMaxDepth) Reject("nested too deeply");
  if (tag.too_many) Reject("too many attributes");
  if (tag.duplicate) Reject("an attribute twice");
  if (open_.size() > kHardDepth) return Fail("nested beyond reason");
  Keep(token);
  if (!empty) {
    open_.emplace_back(tag.name);
  } else if (open_.size() == 1) {
    FinishStanza(sink);
  }
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
    const std::string_view value = text.substr(at + 1, end - at - 1);
    if (!ReferencesAreSane(value)) return false;
    at = end + 1;
    if (at < text.size() && !IsSpace(text[at])) return false;
    if (tag.attributes.size() == kMaxAttributes) {
      tag.too_many = true;  // counted no further
      continue;
    }
    for (const auto& [other, unused] : tag.attributes) {
      if (other == key) tag.duplicate = true;
    }
    tag.attributes.emplace_back(key, value);
  }
}

bool XmppGuard::HandleEndTag(std::string_view token, XmppGuardSink& sink) {
  std::string_view name = token.substr(2, token.size() - 3);
  while (!name.empty() && IsSpace(name.back())) name.remove_suffix(1);
  if (open_.empty() || open_.back() != name) return Fail("tags do not match");
  open_.pop_back();
  if (open_.empty()) {
    sink.OnGuardPassed(token);
    return true;
  }
  Keep(token);
  if (open_.size() == 1) FinishStanza(sink);
  return true;
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
