// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/media_samples.h"

#include <opus/opus.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include <array>
#include <cmath>

namespace bot {
namespace {

constexpr unsigned kWidth = 320;
constexpr unsigned kHeight = 180;
constexpr unsigned kFrames = 90;  // six seconds

void Paint(unsigned number, vpx_image_t* image) {
  for (unsigned y = 0; y < kHeight; ++y) {
    uint8_t* row =
        image->planes[0] + y * static_cast<unsigned>(image->stride[0]);
    for (unsigned x = 0; x < kWidth; ++x) {
      row[x] = static_cast<uint8_t>((x + number * 3) ^ (y + number));
    }
  }
  for (int plane = 1; plane <= 2; ++plane) {
    for (unsigned y = 0; y < kHeight / 2; ++y) {
      uint8_t* row = image->planes[plane] +
                     y * static_cast<unsigned>(image->stride[plane]);
      for (unsigned x = 0; x < kWidth / 2; ++x) {
        row[x] = static_cast<uint8_t>(96 + (number * 2 + x / 8) % 64);
      }
    }
  }
}

bool EncodeVp8(std::vector<std::vector<uint8_t>>* frames) {
  vpx_codec_enc_cfg_t config;
  if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &config, 0) !=
      VPX_CODEC_OK) {
    return false;
  }
  config.g_w = kWidth;
  config.g_h = kHeight;
  config.g_timebase = {1, MediaSamples::kFps};
  config.rc_target_bitrate = 300;  // kbit/s
  config.rc_end_usage = VPX_CBR;
  config.g_lag_in_frames = 0;
  config.kf_mode = VPX_KF_DISABLED;  // the first only
  vpx_codec_ctx_t codec;
  if (vpx_codec_enc_init(&codec, vpx_codec_vp8_cx(), &config, 0) !=
      VPX_CODEC_OK) {
    return false;
  }
  vpx_codec_control(&codec, VP8E_SET_CPUUSED, 8);
  vpx_image_t* image =
      vpx_img_alloc(nullptr, VPX_IMG_FMT_I420, kWidth, kHeight, 16);
  for (unsigned i = 0; image != nullptr && i < kFrames; ++i) {
    Paint(i, image);
    vpx_codec_encode(&codec, image, i, 1, i == 0 ? VPX_EFLAG_FORCE_KF : 0,
                     VPX_DL_REALTIME);
    vpx_codec_iter_t iterator = nullptr;
    while (const vpx_codec_cx_pkt_t* packet =
               vpx_codec_get_cx_data(&codec, &iterator)) {
      if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
      const auto* bytes = static_cast<const uint8_t*>(packet->data.frame.buf);
      frames->emplace_back(bytes, bytes + packet->data.frame.sz);
    }
  }
  vpx_img_free(image);
  vpx_codec_destroy(&codec);
  return frames->size() == kFrames;
}

bool EncodeOpus(std::vector<std::vector<uint8_t>>* packets) {
  constexpr int kRate = 48000;
  constexpr int kSamples = kRate * MediaSamples::kOpusFrameMs / 1000;
  int error = 0;
  OpusEncoder* encoder =
      opus_encoder_create(kRate, 1, OPUS_APPLICATION_VOIP, &error);
  if (error != OPUS_OK) return false;
  std::array<opus_int16, kSamples> pcm;
  std::array<uint8_t, 400> out;
  for (int i = 0; i < 1000 / MediaSamples::kOpusFrameMs; ++i) {
    for (int s = 0; s < kSamples; ++s) {
      const double t = static_cast<double>(i * kSamples + s) / kRate;
      pcm[static_cast<size_t>(s)] =
          static_cast<opus_int16>(8000 * std::sin(2 * M_PI * 440 * t));
    }
    const opus_int32 size =
        opus_encode(encoder, pcm.data(), kSamples, out.data(), out.size());
    if (size <= 0) break;
    packets->emplace_back(out.begin(), out.begin() + size);
  }
  opus_encoder_destroy(encoder);
  return packets->size() == 1000 / MediaSamples::kOpusFrameMs;
}

}  // namespace

std::shared_ptr<const MediaSamples> MakeSamples(std::string* error) {
  auto samples = std::make_shared<MediaSamples>();
  if (!EncodeVp8(&samples->vp8)) {
    *error = "libvpx cannot encode the test pattern";
    return nullptr;
  }
  if (!EncodeOpus(&samples->opus)) {
    *error = "libopus cannot encode the tone";
    return nullptr;
  }
  return samples;
}

}  // namespace bot
