// SPDX-License-Identifier: GPL-3.0-or-later
// What an occupant of the MUC can tell of others.
#include <algorithm>

#include "signaling/paired_muc.h"

namespace signaling {

std::string_view StateName(PairedMuc::State state) {
  switch (state) {
    case PairedMuc::State::kOffline:
      return "offline";
    case PairedMuc::State::kAsking:
      return "asking";
    case PairedMuc::State::kJoining:
      return "joining";
    case PairedMuc::State::kJoined:
      return "joined";
    case PairedMuc::State::kAbsent:
      return "absent";
    case PairedMuc::State::kFailed:
      return "failed";
  }
  return "";
}

bool PairedMuc::hides_jids() const {
  return std::any_of(occupants_.begin(), occupants_.end(),
                     [](const auto& o) { return o.second.jids.empty(); });
}

const PairedMuc::Occupants::value_type* PairedMuc::Find(const Jid& jid) const {
  // Who calls through the MUC, by his address there.
  if (jid.Bare() == muc_) {
    const auto it = occupants_.find(jid.resource);
    return it == occupants_.end() ? nullptr : &*it;
  }
  const Jid bare = jid.Bare();
  const Occupants::value_type* by_bare = nullptr;
  size_t of_bare = 0;
  for (const Occupants::value_type& occupant : occupants_) {
    bool same = false;
    for (const Jid& real : occupant.second.jids) {
      if (real == jid) return &occupant;
      same |= real.Bare() == bare;
    }
    if (!same) continue;
    by_bare = &occupant;
    ++of_bare;
  }
  return of_bare == 1 ? by_bare : nullptr;
}

PairedMuc::Standing PairedMuc::StandingOf(const Jid& jid) const {
  // Who was let in again is in the MUC by the time that all is told.
  const bool banned =
      settled_ &&
      std::any_of(
          outcasts_.begin(), outcasts_.end(), [&jid](const Jid& outcast) {
            return outcast == jid || outcast == jid.Bare() ||
                   (outcast.local.empty() && outcast.domain == jid.domain);
          });
  if (banned) return {false, false, true};
  const auto* occupant = Find(jid);
  if (occupant == nullptr) return {settled_ && !moderated_, false, false};
  const Occupant& found = occupant->second;
  return {found.role >= MucRole::kParticipant,
          found.role == MucRole::kModerator ||
              found.affiliation >= MucAffiliation::kAdmin,
          found.affiliation == MucAffiliation::kOutcast};
}

std::string PairedMuc::NickOf(const Jid& jid) const {
  const auto* occupant = Find(jid);
  return occupant == nullptr ? std::string() : occupant->first;
}

}  // namespace signaling
