// SPDX-License-Identifier: GPL-3.0-or-later
//
// Stanzas as text on a stream that is logged in: guard, XML parser and codecs.
// What comes out is written again and must arrive at another party as one
// stanza, whatever names and texts a stranger put into it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "rtp/base/check.h"
#include "signaling/command_forms.h"
#include "signaling/stanza.h"
#include "signaling/stanza_codec.h"
#include "signaling/xml_element.h"
#include "signaling/xmpp_guard.h"
#include "signaling/xmpp_stream.h"

namespace signaling {
namespace {

// A component whose server let it in.
class Component : public XmppStreamHandler {
 public:
  Component()
      : stream_({XmppStream::Config::Mode::kComponent, "focus.example", "",
                 "secret"},
                *this) {
    stream_.Start();
    stream_.HandleBytes(
        "<stream:stream xmlns='jabber:component:accept' "
        "xmlns:stream='http://etherx.jabber.org/streams' "
        "from='focus.example' id='1'>");
    stream_.HandleBytes("<handshake/>");
    SFU_CHECK(stream_.ready());
  }

  void HandleBytes(std::string_view bytes) { stream_.HandleBytes(bytes); }
  std::vector<Stanza> TakeStanzas() { return std::exchange(stanzas_, {}); }

 private:
  void OnXmppWrite(std::string_view /*bytes*/) override {}
  void OnXmppReady(const Jid& self) override {
    SFU_CHECK(self.domain == "focus.example");
  }
  void OnXmppStanza(Stanza stanza) override {
    SFU_CHECK(closed_ == 0);
    stanzas_.push_back(std::move(stanza));
  }
  void OnXmppRejected(const RejectedStanza& stanza) override {
    SFU_CHECK(!stanza.reason.empty());
  }
  void OnXmppClosed(const std::string& reason) override {
    SFU_CHECK(!reason.empty());
    SFU_CHECK(++closed_ == 1);
  }

  std::vector<Stanza> stanzas_;
  int closed_ = 0;
  XmppStream stream_;  // last: it may call the above until it is gone
};

void CheckWritten(const Stanza& stanza) {
  const XmlElement written = WriteStanza(stanza);
  const std::optional<Stanza> second = ParseStanza(written);
  SFU_CHECK(second.has_value());
  SFU_CHECK(second->index() == stanza.index());
  const auto same_addresses = [&second](const auto& first) {
    const auto& other = std::get<std::decay_t<decltype(first)>>(*second);
    return first.from == other.from && first.to == other.to;
  };
  SFU_CHECK(std::visit(same_addresses, stanza));
  // Writing loses what we never send; what is left stays.
  SFU_CHECK(ParseStanza(WriteStanza(*second)) == second);

  Component receiver;
  receiver.HandleBytes(Serialize(written));
  const std::vector<Stanza> received = receiver.TakeStanzas();
  SFU_CHECK(received.size() == 1);
  SFU_CHECK(received[0].index() == stanza.index());
}

// What a moderator fills in is an order that can be carried out, or refused.
void CheckCommand(const Stanza& stanza) {
  const auto* iq = std::get_if<Iq>(&stanza);
  const auto* command =
      iq == nullptr ? nullptr : std::get_if<Command>(&iq->payload);
  if (command == nullptr || !command->form) return;
  Room room;
  room.participants.push_back(std::make_unique<Participant>());
  room.participants[0]->id = "p1";
  const DataForm& form = *command->form;
  const Filled configured = ReadConfigure(room, form);
  if (const auto* order = std::get_if<RoomOrder>(&configured)) {
    const RoomPolicy& policy = std::get<SetPolicy>(*order).policy;
    SFU_CHECK(policy.password.empty() || IsRoomPassword(policy.password));
    SFU_CHECK(policy.access != Access::kPassword || !policy.password.empty());
    for (const Jid& member : policy.members) SFU_CHECK(member == member.Bare());
  }
  for (const Filled& filled :
       {ReadDeny(room, form, true), ReadKick(room, form)}) {
    if (const auto* wrong = std::get_if<std::string>(&filled)) {
      SFU_CHECK(!wrong->empty());
    }
  }
}

void Fuzz(std::string_view text) {
  Component component;
  component.HandleBytes(text);
  for (const Stanza& stanza : component.TakeStanzas()) {
    CheckWritten(stanza);
    CheckCommand(stanza);
  }
}

}  // namespace
}  // namespace signaling

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  signaling::Fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
