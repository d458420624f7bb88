// SPDX-License-Identifier: GPL-3.0-or-later
// Calls that are announced before they are made (XEP-0353, jingle.md s6.3). A
// room takes a call at once, so that nobody hears it ring; nothing requires a
// call to be announced.
#include <algorithm>
#include <utility>

#include "signaling/focus.h"

namespace signaling {
namespace {

// A call that was proposed is made by then, or never.
constexpr rtp::TimeDelta kProposalFor = std::chrono::seconds(30);
constexpr size_t kMaxProposals = 1000;

// Clients know these two words; the text is for the person.
JingleReason Rejection(const StanzaError& why) {
  return Because(why.type == "wait" ? "busy" : "decline", why.text);
}

}  // namespace

void Focus::HandleCallMessage(rtp::Timestamp now, const Message& message,
                              const CallMessage& call) {
  using Kind = CallMessage::Kind;
  if (message.type == "error" || message.from.resource.empty()) return;
  if (!IsRoomName(message.to.local)) return;
  switch (call.kind) {
    case Kind::kPropose:
      return HandlePropose(now, message, call);
    case Kind::kRetract:
      proposals_.erase({message.from, call.id});
      return;
    case Kind::kFinish: {
      // Who says that the call is over need not end the session as well.
      proposals_.erase({message.from, call.id});
      const Located at = FindByJid(message.to, message.from);
      if (at && at.participant->session->sid() == call.id) {
        End(now, at, "success", "the call was finished");
      }
      return;
    }
    case Kind::kRinging:
    case Kind::kProceed:
    case Kind::kReject:
    case Kind::kAccept:
      return;  // answers to proposals, of which we make none
  }
}

void Focus::HandlePropose(rtp::Timestamp now, const Message& message,
                          const CallMessage& call) {
  Jid local = message.to.Bare();
  local.resource = kFocusResource;
  const auto answer = [&](CallMessage::Kind kind,
                          std::optional<JingleReason> reason = {}) {
    SendCall(local, message.from, {kind, call.id, {}, std::move(reason)});
  };
  const bool has_rtp =
      std::any_of(call.media.begin(), call.media.end(),
                  [](Media media) { return media != Media::kOther; });
  std::optional<StanzaError> why_not = WhyNot(now, message.from, local.local);
  if (!has_rtp) why_not = StanzaError{"cancel", "", "", "audio or video only"};
  if (!why_not && proposals_.size() >= kMaxProposals) {
    why_not = StanzaError{"wait", "", "", "too many calls at once"};
  }
  if (why_not) return answer(CallMessage::Kind::kReject, Rejection(*why_not));
  proposals_[{message.from, call.id}] = now + kProposalFor;
  SweepBy(now);
  answer(CallMessage::Kind::kRinging);
  answer(CallMessage::Kind::kProceed);
}

bool Focus::TakeProposal(const Jid& from, const std::string& sid) {
  return proposals_.erase({from, sid}) > 0;
}

void Focus::SendCall(const Jid& from, const Jid& to, CallMessage call) {
  Message message;
  message.type = "chat";
  message.from = from;
  message.to = to;
  message.id = random_.NextString(26, rtp::kReadableChars);
  message.payload = std::move(call);
  sink_.Send(std::move(message));
}

}  // namespace signaling
