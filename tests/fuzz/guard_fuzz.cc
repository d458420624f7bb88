// SPDX-License-Identifier: GPL-3.0-or-later
//
// An XMPP stream before the guard: a byte that says how many more are sizes of
// chunks, those, then the stream. However it is cut up, the guard must judge
// the same.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rtp/base/check.h"
#include "signaling/xmpp_guard.h"

namespace signaling {
namespace {

// What the guard said, in the order it said it.
struct Verdicts : XmppGuardSink {
  void OnGuardPassed(std::string_view xml) override {
    SFU_CHECK(!xml.empty());
    SFU_CHECK(xml.size() <= XmppGuard::kMaxStanzaBytes);
    SFU_CHECK(xml.find('\0') == std::string_view::npos);
    said.push_back("passed " + std::string(xml));
  }
  void OnGuardRejected(const RejectedStanza& stanza) override {
    SFU_CHECK(!stanza.reason.empty());
    ++rejected;
    said.push_back("rejected " + stanza.name + '|' + stanza.type + '|' +
                   stanza.from + '|' + stanza.to + '|' + stanza.id + '|' +
                   stanza.reason);
  }

  std::vector<std::string> said;
  uint64_t rejected = 0;
};

// Hands over the stream in chunks of the given sizes, which come round again.
// Empty: all at once.
void Feed(std::string_view stream, std::span<const uint8_t> sizes,
          XmppGuard& guard, Verdicts& verdicts) {
  bool alive = true;
  for (size_t i = 0; alive && !stream.empty(); ++i) {
    const size_t size =
        sizes.empty() ? stream.size() : sizes[i % sizes.size()] + size_t{1};
    alive = guard.HandleBytes(stream.substr(0, size), verdicts);
    stream.remove_prefix(std::min(size, stream.size()));
  }
  SFU_CHECK(alive == guard.error().empty());
  SFU_CHECK(guard.rejected() == verdicts.rejected);
  if (alive) return;
  // A guard that failed lets nothing through any more.
  const size_t before = verdicts.said.size();
  SFU_CHECK(!guard.HandleBytes("<iq type='get' id='1'/>", verdicts));
  SFU_CHECK(verdicts.said.size() == before);
}

void Fuzz(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return;
  const size_t count = std::min<size_t>(bytes[0] % 16, bytes.size() - 1);
  const auto sizes = bytes.subspan(1, count);
  const auto rest = bytes.subspan(1 + count);
  const std::string_view stream(reinterpret_cast<const char*>(rest.data()),
                                rest.size());
  XmppGuard whole;
  Verdicts whole_verdicts;
  Feed(stream, {}, whole, whole_verdicts);
  XmppGuard pieces;
  Verdicts pieces_verdicts;
  Feed(stream, sizes, pieces, pieces_verdicts);
  SFU_CHECK(whole_verdicts.said == pieces_verdicts.said);
  SFU_CHECK(whole.error() == pieces.error());
  // Used before or not is one.
  pieces.Reset();
  Verdicts again;
  Feed(stream, {}, pieces, again);
  SFU_CHECK(whole_verdicts.said == again.said);
}

}  // namespace
}  // namespace signaling

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  signaling::Fuzz({data, size});
  return 0;
}
