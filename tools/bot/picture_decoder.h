// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "rtp/base/codec.h"

namespace bot {

// VP8 and VP9 by libvpx.
class PictureDecoder {
 public:
  // Null for a codec that it has not.
  static std::unique_ptr<PictureDecoder> Make(rtp::Codec codec);
  ~PictureDecoder();
  PictureDecoder(const PictureDecoder&) = delete;
  PictureDecoder& operator=(const PictureDecoder&) = delete;

  rtp::Codec codec() const { return codec_; }
  // All spatial layers of one picture. False if that gives no picture.
  bool Decode(std::span<const uint8_t> frame);
  // Pixels, of the last picture; 0 before.
  unsigned height() const { return height_; }

 private:
  struct State;
  explicit PictureDecoder(rtp::Codec codec);

  const rtp::Codec codec_;
  std::unique_ptr<State> state_;
  unsigned height_ = 0;
};

}  // namespace bot
