// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/picture_decoder.h"

#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>

namespace bot {

struct PictureDecoder::State {
  vpx_codec_ctx_t codec;
  bool ok = false;
};

std::unique_ptr<PictureDecoder> PictureDecoder::Make(rtp::Codec codec) {
  if (codec != rtp::Codec::kVp8 && codec != rtp::Codec::kVp9) return nullptr;
  return std::unique_ptr<PictureDecoder>(new PictureDecoder(codec));
}

PictureDecoder::PictureDecoder(rtp::Codec codec)
    : codec_(codec), state_(std::make_unique<State>()) {
  state_->ok =
      vpx_codec_dec_init(
          &state_->codec,
          codec == rtp::Codec::kVp8 ? vpx_codec_vp8_dx() : vpx_codec_vp9_dx(),
          nullptr, 0) == VPX_CODEC_OK;
}

PictureDecoder::~PictureDecoder() {
  if (state_->ok) vpx_codec_destroy(&state_->codec);
}

bool PictureDecoder::Decode(std::span<const uint8_t> frame) {
  if (!state_->ok || vpx_codec_decode(&state_->codec, frame.data(),
                                      static_cast<unsigned>(frame.size()),
                                      nullptr, 0) != VPX_CODEC_OK) {
    return false;
  }
  vpx_codec_iter_t iterator = nullptr;
  const vpx_image_t* picture = vpx_codec_get_frame(&state_->codec, &iterator);
  if (picture == nullptr) return false;
  height_ = picture->d_h;
  return true;
}

}  // namespace bot
