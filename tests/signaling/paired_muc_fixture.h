// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "signaling/paired_muc.h"
#include "tests/signaling/focus_fixture.h"

namespace signaling {

inline const Jid kMuc{"standup", "muc.example", ""};
inline const Jid kSelf{"standup", "sfu.example", "focus"};

// An occupant with this role.
inline MucUser As(MucRole role, const std::string& jid = {},
                  std::vector<uint16_t> statuses = {},
                  MucAffiliation affiliation = MucAffiliation::kNone) {
  MucUser user;
  user.items = {{affiliation, role, Jid::Parse(jid), ""}};
  user.statuses = std::move(statuses);
  return user;
}

class PairedMucTest : public ::testing::Test {
 protected:
  // What was sent since the last call.
  template <typename Kind>
  std::vector<Kind> Take() {
    std::vector<Kind> found;
    for (const Stanza& stanza : sink_.sent) {
      if (const Kind* kind = std::get_if<Kind>(&stanza)) found.push_back(*kind);
    }
    sink_.sent.clear();
    return found;
  }
  // The one request that was sent.
  Iq TakeRequest() {
    const std::vector<Iq> requests = Take<Iq>();
    EXPECT_EQ(requests.size(), 1U);
    return requests.empty() ? Iq() : requests[0];
  }
  void Answer(const Iq& request, IqPayload payload) {
    Iq iq{IqType::kResult, request.to, request.from, request.id, {}, {}};
    iq.payload = std::move(payload);
    EXPECT_TRUE(muc_.HandleAnswer(now_, iq));
  }
  void Refuse(const Iq& request, const std::string& condition) {
    Iq iq{IqType::kError, request.to, request.from, request.id, {}, {}};
    iq.error = StanzaError{"cancel", condition, "", ""};
    EXPECT_TRUE(muc_.HandleAnswer(now_, iq));
  }
  void Say(const std::string& nick, PresenceType type,
           std::optional<MucUser> user, std::optional<StanzaError> error = {}) {
    Presence presence;
    presence.type = type;
    presence.from = {kMuc.local, kMuc.domain, nick};
    presence.to = kSelf;
    presence.muc_user = std::move(user);
    presence.error = std::move(error);
    muc_.HandlePresence(now_, presence);
  }
  void Enter(const std::string& nick, MucUser user) {
    Say(nick, PresenceType::kAvailable, std::move(user));
  }
  void Exit(const std::string& nick, MucUser user) {
    Say(nick, PresenceType::kUnavailable, std::move(user));
  }
  static DiscoInfo Info(bool moderated) {
    DiscoInfo info;
    info.features = {moderated ? "muc_moderated" : "muc_unmoderated"};
    return info;
  }
  // Up to the presence by which we join.
  void Ask(bool moderated = false) {
    muc_.Begin(now_);
    Answer(TakeRequest(), Info(moderated));
  }
  void EnterSelf(MucAffiliation affiliation = MucAffiliation::kNone) {
    Enter(muc_.nick(),
          As(MucRole::kParticipant, kSelf.ToString(), {110}, affiliation));
  }
  void Join(bool moderated = false) {
    Ask(moderated);
    EnterSelf();
    sink_.sent.clear();
  }
  void Advance(rtp::TimeDelta by) {
    const rtp::Timestamp end = now_ + by;
    while (muc_.NextDeadline() <= end) {
      now_ = std::max(now_, muc_.NextDeadline());
      muc_.HandleTimeout(now_);
    }
    now_ = end;
  }
  bool MaySend(const std::string& jid) {
    return muc_.StandingOf(J(jid)).may_send;
  }

  rtp::Timestamp now_{seconds(1000)};
  support::SeededRandom random_{1};
  RecordingSink sink_;
  PairedMuc muc_{kMuc, kSelf, random_, sink_};
};

}  // namespace signaling
