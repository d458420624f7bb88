// SPDX-License-Identifier: GPL-3.0-or-later
// Clients with group calls (XEP-0272), such as Dino: each is asked into a MUC
// of its own, where the others of the room are occupants that call it.
#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "signaling/focus.h"

namespace signaling {
namespace {

// What clients write beneath a picture is the local part of the address.
std::string Slug(const std::string& name) {
  constexpr size_t kLongest = 32;
  std::string slug;
  for (const unsigned char c : name) {
    if (slug.size() == kLongest) break;
    if (std::isalnum(c) != 0 && c < 0x80) {
      slug += static_cast<char>(std::tolower(c));
    }
  }
  return slug.empty() ? "guest" : slug;
}

}  // namespace

void Focus::InviteToGroupCall(Located at) {
  Participant& to = *at.participant;
  // A call that does not stand yet cannot become another.
  if (!to.wants_group_call || !to.connected || to.muji) return;
  const std::string local =
      "muji-" + random_.NextString(16, rtp::kReadableChars);
  to.muji = std::make_unique<MujiFacade>(Jid{local, config_.domain, {}},
                                         to.local, to.jid, sink_);
  facades_[local] = at;
  to.muji->Invite(random_.NextString(26, rtp::kReadableChars));
}

bool Focus::HandleMujiPresence(rtp::Timestamp now, const Presence& presence) {
  const auto it = facades_.find(presence.to.local);
  if (it == facades_.end()) return false;
  const Located at = it->second;
  at.participant->muji->HandlePresence(presence);
  if (at.participant->muji->left()) {
    EndDownlinks(now, *at.participant);
    at.participant->wants_downlinks = false;
    at.participant->session->SetSlots(now, true);
  } else if (at.participant->muji->ready()) {
    at.participant->wants_downlinks = true;
    at.participant->session->SetSlots(now, false);
    SyncDownlinks(now, at);
  }
  return true;
}

Jid Focus::OccupantJid(const Participant& owner) const {
  return {Slug(owner.name) + "-" + owner.id, config_.domain,
          std::string(kFocusResource)};
}

}  // namespace signaling
