// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rtp/base/peer_spec.h"
#include "rtp/base/time.h"
#include "signaling/jingle_message.h"
#include "signaling/media_control.h"
#include "signaling/negotiate.h"
#include "signaling/rights.h"

namespace signaling {

// What a session wants of the world. Requests are sent to its peer, in order.
struct SessionOutbox {
  std::vector<JingleMessage> requests;
  bool sources_changed = false;  // what it publishes is not what it was
  bool ended = false;            // a session-terminate is among the requests,
                                 // or came from the peer
};

// One Jingle session (XEP-0166), we the responder: pending until accepted,
// active until ended. Handles every action in every state as jingle.md s6.6
// and s6.9 say. Drives its media peer through MediaControl; knows no JIDs.
class JingleSession {
 public:
  enum class State : uint8_t { kNew, kActive, kEnded };

  // Draws a process-wide id for a source that is published.
  using NewSource = std::function<rtp::SourceId()>;

  JingleSession(std::string sid, std::string responder,
                rtp::ConferenceId conference, MediaControl& media,
                NewSource new_source);
  ~JingleSession();
  JingleSession(const JingleSession&) = delete;
  JingleSession& operator=(const JingleSession&) = delete;

  // A session-initiate, already acknowledged: accepts or terminates. Returns
  // false, asking nothing, if the media plane takes no more peers.
  [[nodiscard]] bool HandleInitiate(rtp::Timestamp now,
                                    const SessionDescription& offer,
                                    SessionOutbox& out);

  // Any other action. Returns the error to answer the IQ with; nothing means
  // that it is to be acknowledged, before `out` is sent.
  std::optional<StanzaError> HandleRequest(rtp::Timestamp now,
                                           const JingleMessage& message,
                                           SessionOutbox& out);

  // The peer refused our content-modify: what it offered stays one-way.
  void OnModifyRefused(rtp::Timestamp now);

  // Ends the session from our side.
  void Terminate(rtp::Timestamp now, JingleReason reason, SessionOutbox& out);

  const std::string& sid() const { return sid_; }
  State state() const { return state_; }
  rtp::PeerId peer() const { return spec_.peer; }
  const rtp::PeerSpec& spec() const { return spec_; }
  // More than one slot of a kind was offered: the client wants a slot map.
  bool wants_slot_map() const { return wants_slot_map_; }
  // The contents share one transport (XEP-0338).
  bool bundle() const { return bundle_; }
  // Whether `message` brings ICE credentials that are not those in use.
  bool IsRestart(const JingleMessage& message);

  // Type and mute state of the source on `content`. False if there is none.
  bool SetSource(rtp::Timestamp now, const std::string& content,
                 std::optional<rtp::SourceType> type,
                 std::optional<bool> muted);
  void SetReceive(rtp::Timestamp now, rtp::ReceiveSpec receive);
  // Off: nothing is sent on this session, as the peer gets everything by
  // others and would hear it twice.
  void SetSlots(rtp::Timestamp now, bool on);
  // What the peer may send. What it may not is no source any more; allowed
  // again, it is the same source as before.
  void SetRights(rtp::Timestamp now, const Rights& rights);

 private:
  struct SlotCount {
    size_t audio = 0;
    size_t video = 0;
  };

  SlotCount CountSlots() const;
  // Makes the plan's contents ours and appends their answers.
  void Adopt(SessionPlan plan, std::vector<IceTransport> transports,
             JingleMessage& answer);
  void FillContent(ContentPlan& plan);
  // `plan` as it is served now.
  rtp::ContentSpec Served(const ContentPlan& plan) const;
  ContentPlan* FindContent(const std::string& name);
  bool KnowsAll(const SessionDescription& description);
  void PushSpec(rtp::Timestamp now);
  JingleMessage Request(JingleAction action) const;
  // One that turns `contents` away: content-reject or content-remove.
  JingleMessage TurnAway(JingleAction action,
                         const std::vector<Content>& contents,
                         JingleReason reason) const;

  std::optional<StanzaError> HandleContentAdd(rtp::Timestamp now,
                                              const JingleMessage& message,
                                              SessionOutbox& out);
  // Sends our picture too on an `added` content on which the peer alone wants
  // to send, where it gets none yet. Dino turns a camera on like that, and its
  // user sees the others only if they do the same.
  void AnswerCamera(rtp::Timestamp now, const std::vector<Content>& added,
                    SessionOutbox& out);
  std::optional<StanzaError> HandleContentModify(rtp::Timestamp now,
                                                 const JingleMessage& message,
                                                 SessionOutbox& out);
  std::optional<StanzaError> HandleContentRemove(rtp::Timestamp now,
                                                 const JingleMessage& message,
                                                 SessionOutbox& out);
  std::optional<StanzaError> HandleTransportInfo(rtp::Timestamp now,
                                                 const JingleMessage& message,
                                                 SessionOutbox& out);
  std::optional<StanzaError> HandleTransportReplace(
      rtp::Timestamp now, const JingleMessage& message, SessionOutbox& out);
  std::optional<StanzaError> HandleSessionInfo(rtp::Timestamp now,
                                               const JingleMessage& message,
                                               SessionOutbox& out);
  void HandleDescriptionInfo(rtp::Timestamp now, const JingleMessage& message);
  // Restarts each transport whose credentials changed; the answer's contents,
  // or nothing if none did.
  std::vector<Content> RestartChanged(rtp::Timestamp now,
                                      const SessionDescription& description);

  const std::string sid_;
  const std::string responder_;
  MediaControl& media_;
  const NewSource new_source_;
  State state_ = State::kNew;
  bool bundle_ = false;
  bool wants_slot_map_ = false;
  bool has_peer_ = false;
  bool slots_on_ = true;
  Rights rights_;
  bool held_ = false;  // XEP-0167 s9: everything is as if muted
  // An uplink or a slot that was there once stays in its plan, so that it is
  // the same when the content is turned on again.
  std::vector<ContentPlan> contents_;
  std::vector<IceTransport> local_;  // by transport
  std::string answered_camera_;      // the content of AnswerCamera()
  rtp::PeerSpec spec_;
};

}  // namespace signaling
