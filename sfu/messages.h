// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "rtp/base/ids.h"
#include "rtp/base/peer_spec.h"

namespace sfu {

// What the control thread tells a worker. One-way: nothing is answered but by
// an Event, and none of them can fail in a way that the sender must know.
struct AddPeer {
  rtp::PeerSpec spec;
};
struct UpdatePeer {  // complete; what is the same is untouched
  rtp::PeerSpec spec;
};
struct RemovePeer {
  rtp::PeerId peer;
};
struct SetReceive {
  rtp::PeerId peer;
  rtp::ReceiveSpec receive;
};
struct RestartIce {
  rtp::PeerId peer;
  size_t transport = 0;
  rtp::IceCredentials local;
  rtp::IceCredentials remote;
};
// On which other workers a conference has peers too. One of all reports who
// speaks.
struct SpanConference {
  rtp::ConferenceId conference;
  std::vector<size_t> others;
  bool reports = true;
};
// What a peer on worker `home` publishes, complete; empty when it is gone.
struct RemoteSources {
  struct Source {
    rtp::SourceId source;
    rtp::MediaKind kind = rtp::MediaKind::kAudio;
    rtp::SourceType type = rtp::SourceType::kMicrophone;
    bool muted = false;
    bool operator==(const Source&) const = default;
  };
  rtp::ConferenceId conference;
  rtp::PeerId peer;
  size_t home = 0;
  std::vector<Source> sources;
};
using Command =
    std::variant<std::monostate, AddPeer, UpdatePeer, RemovePeer, SetReceive,
                 RestartIce, SpanConference, RemoteSources>;

enum class PeerFailure : uint8_t {
  kConnectTimeout,
  kFingerprintMismatch,
  kDtlsFailed,
  kConsentLost,
  kClosedByPeer,
};

// What a worker tells the control thread.
struct PeerConnected {
  rtp::PeerId peer;
};
struct PeerFailed {
  rtp::PeerId peer;
  PeerFailure why = PeerFailure::kConnectTimeout;
};
struct PeerSilent {
  rtp::PeerId peer;
  bool silent = false;
};
struct SlotsChanged {
  struct Fill {
    std::string content;
    rtp::SourceId source;  // zero: empty
  };
  rtp::PeerId peer;
  std::vector<Fill> slots;
};
struct SpeakersChanged {
  rtp::ConferenceId conference;
  rtp::SourceId dominant;
  std::vector<rtp::SourceId> speaking;
};
using Event = std::variant<std::monostate, PeerConnected, PeerFailed,
                           PeerSilent, SlotsChanged, SpeakersChanged>;

}  // namespace sfu
