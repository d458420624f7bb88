// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>

#include "rtp/base/ids.h"
#include "rtp/base/peer_spec.h"
#include "signaling/stanza.h"

namespace signaling {

// A MUC that is there for one client alone, so that it takes the participants
// of a room for a group call (XEP-0272): everybody else in it is us. The
// client's only upload stays the call that it made before; what it is shown
// comes by sessions in the name of the occupants (jingle.md s2.3).
//
// A minimal XEP-0045 service: nobody but the client enters, nobody speaks.
// Sans-IO; thread-compatible.
class MujiFacade {
 public:
  // `muc`: its bare JID. `focus`: the address that the client has called.
  MujiFacade(Jid muc, Jid focus, Jid client, StanzaSink& sink);

  // Asks the client in (XEP-0482).
  void Invite(std::string id);
  // A presence of the client to `muc` or an occupant.
  void HandlePresence(const Presence& presence);
  // The client's media are published: occupants may come, and call it.
  bool ready() const { return ready_; }
  bool left() const { return left_; }

  // An occupant, by the room's id of the participant, with its real JID.
  void Show(const std::string& id, const Jid& real, bool audio, bool video);
  void Hide(const std::string& id);
  // The client is out.
  void Close();

  static DiscoInfo Info();

  const Jid& muc() const { return muc_; }

 private:
  Presence OccupantPresence(const std::string& nick, const Jid& real) const;
  void TellSelf();

  const Jid muc_;
  const Jid focus_;
  const Jid client_;
  StanzaSink& sink_;
  std::string nick_;    // of the client; empty: not there
  MujiPresence media_;  // that it publishes
  bool ready_ = false;
  bool left_ = false;
  std::map<std::string, Jid> occupants_;  // by nick
};

}  // namespace signaling
