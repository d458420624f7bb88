// SPDX-License-Identifier: GPL-3.0-or-later
#include <gloox/jid.h>

#include "signaling/stanza.h"

namespace signaling {
namespace {

constexpr size_t kMaxPart = 1023;  // RFC 7622 s3.1

}  // namespace

std::optional<Jid> Jid::Parse(std::string_view text) {
  Jid jid;
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    jid.resource = text.substr(slash + 1);
    if (jid.resource.empty()) return std::nullopt;  // RFC 7622 s3.4
    text = text.substr(0, slash);
  }
  const size_t at = text.find('@');
  if (at == 0) return std::nullopt;  // RFC 7622 s3.3: not of zero bytes
  if (at != std::string_view::npos) {
    jid.local = text.substr(0, at);
    text = text.substr(at + 1);
  }
  jid.domain = text;
  if (jid.domain.empty() || jid.local.size() > kMaxPart ||
      jid.domain.size() > kMaxPart || jid.resource.size() > kMaxPart) {
    return std::nullopt;
  }
  return jid;
}

std::optional<Jid> Jid::Prepare(const std::string& text) {
  const std::optional<Jid> as_written = Parse(text);
  if (!as_written) return std::nullopt;
  gloox::JID jid;
  if (!jid.setJID(text)) return std::nullopt;
  // gloox drops parts that it does not like.
  if (jid.username().empty() != as_written->local.empty() ||
      jid.resource().empty() != as_written->resource.empty()) {
    return std::nullopt;
  }
  return Parse(jid.full());
}

std::string Jid::ToString() const {
  std::string text;
  if (!local.empty()) text = local + "@";
  text += domain;
  if (!resource.empty()) text += "/" + resource;
  return text;
}

}  // namespace signaling
