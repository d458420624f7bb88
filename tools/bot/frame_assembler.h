// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "rtp/base/time.h"
#include "tools/bot/payload_look.h"

namespace bot {

// Puts the packets of one video stream in order and its frames together, and
// knows when the picture cannot go on without a key frame. Needs payloads
// (a look) only where a picture begins and after a loss; else a frame is a run
// of packets that ends in a marker.
class FrameAssembler {
 public:
  // Packets that wait for a missing one; beyond, it is given up.
  static constexpr size_t kMaxWaiting = 400;
  // A key frame that is there makes what is missing before it pointless, after
  // that time.
  static constexpr rtp::TimeDelta kReorder = std::chrono::milliseconds(20);

  struct Packet {
    uint64_t seq = 0;  // unwrapped
    uint32_t timestamp = 0;
    bool marker = false;
    std::optional<PayloadLook> look;
    std::vector<uint8_t> media;  // where frames are to be decoded
  };
  struct Frame {
    bool key = false;     // as far as it is known
    uint16_t height = 0;  // of a key frame; 0: not told
    // The highest of the picture, if its last packet had a look.
    std::optional<uint8_t> spatial_id;
    std::vector<uint8_t> media;
    // How long the picture stood still for want of this key frame.
    std::optional<rtp::TimeDelta> waited;
  };

  // `patience`: how long a missing packet is waited for.
  explicit FrameAssembler(rtp::TimeDelta patience) : patience_(patience) {}

  // Appends frames that can be shown now. `packet` did not come before.
  void Add(rtp::Timestamp now, Packet packet, std::vector<Frame>& frames);
  void HandleTimeout(rtp::Timestamp now, std::vector<Frame>& frames);
  rtp::Timestamp NextDeadline() const;
  // Does not wait for what is missing.
  void GiveUp(rtp::Timestamp now, std::vector<Frame>& frames);
  // A frame could not be decoded.
  void RequireKey(rtp::Timestamp now);

  // From the first packet on.
  bool needs_key() const { return started_ && needs_key_; }
  // Payloads are wanted of all packets.
  bool needs_looks() const {
    return needs_key_ || after_loss_ || !waiting_.empty();
  }

 private:
  void TakeInOrder(rtp::Timestamp now, std::vector<Frame>& frames);
  void Take(rtp::Timestamp now, Packet packet, std::vector<Frame>& frames);
  void Finish(rtp::Timestamp now, std::vector<Frame>& frames);
  void SkipTo(uint64_t seq);
  bool ContinuesAfterLoss() const;
  std::optional<uint64_t> WholeKeyFrame() const;

  const rtp::TimeDelta patience_;
  bool started_ = false;
  uint64_t next_seq_ = 0;
  std::map<uint64_t, Packet> waiting_;  // beyond a gap
  rtp::Timestamp gap_since_;
  bool boundary_ = false;    // the packet before next_seq_ ended a picture
  bool after_loss_ = false;  // since the last whole frame
  bool needs_key_ = true;
  rtp::Timestamp needs_key_since_;

  // The frame that is being put together.
  bool open_ = false;
  bool whole_ = false;
  uint32_t timestamp_ = 0;
  std::optional<PayloadLook> first_look_;
  Frame frame_;
  std::optional<uint8_t> last_tl0_;  // of the newest frame shown, if known
};

}  // namespace bot
