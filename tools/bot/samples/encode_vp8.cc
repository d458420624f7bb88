// SPDX-License-Identifier: GPL-3.0-or-later
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include "tools/bot/media_samples.h"
#include "tools/bot/samples/loop.h"
#include "tools/bot/samples/pattern.h"

namespace bot::samples {
namespace {

constexpr unsigned kFrames = 60;  // four seconds

// Three temporal layers, 0 2 1 2: the lowest lives in the last frame, the
// middle one in the golden frame, the highest nowhere.
struct Step {
  uint8_t temporal_id;
  uint8_t flags;
  vpx_enc_frame_flags_t encoder;
};
constexpr vpx_enc_frame_flags_t kKeepsAll =
    VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF |
    VP8_EFLAG_NO_UPD_ENTROPY;
constexpr Step kSteps[4] = {
    {0, 0,
     VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_GF |
         VP8_EFLAG_NO_UPD_ARF},
    {2, kFlagLayerSync | kFlagNonReference,
     VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF | kKeepsAll},
    {1, kFlagLayerSync,
     VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_LAST |
         VP8_EFLAG_NO_UPD_ARF | VP8_EFLAG_NO_UPD_ENTROPY},
    {2, kFlagNonReference, VP8_EFLAG_NO_REF_ARF | kKeepsAll},
};

vpx_codec_enc_cfg_t Configure(unsigned width, unsigned height, unsigned kbps) {
  vpx_codec_enc_cfg_t config;
  vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &config, 0);
  config.g_w = width;
  config.g_h = height;
  config.g_threads = 1;
  config.g_timebase = {1, MediaSamples::kFps};
  config.g_lag_in_frames = 0;
  config.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
  config.rc_target_bitrate = kbps;
  config.rc_end_usage = VPX_CBR;
  config.rc_min_quantizer = 2;
  config.rc_max_quantizer = 56;
  config.rc_dropframe_thresh = 0;
  config.kf_mode = VPX_KF_DISABLED;  // the first only
  config.ts_number_layers = 3;
  config.ts_target_bitrate[0] = kbps * 4 / 10;
  config.ts_target_bitrate[1] = kbps * 6 / 10;
  config.ts_target_bitrate[2] = kbps;
  config.ts_rate_decimator[0] = 4;
  config.ts_rate_decimator[1] = 2;
  config.ts_rate_decimator[2] = 1;
  config.ts_periodicity = 4;
  for (unsigned i = 0; i < 4; ++i) {
    config.ts_layer_id[i] = kSteps[i].temporal_id;
  }
  return config;
}

void TakeFrames(vpx_codec_ctx_t* codec, const Step& step, Loop& loop) {
  vpx_codec_iter_t iterator = nullptr;
  while (const vpx_codec_cx_pkt_t* packet =
             vpx_codec_get_cx_data(codec, &iterator)) {
    if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    Frame frame;
    const bool key = packet->data.frame.flags & VPX_FRAME_IS_KEY;
    frame.flags = static_cast<uint8_t>(kFlagEndOfPicture | step.flags |
                                       (key ? kFlagKey : 0));
    frame.temporal_id = step.temporal_id;
    const auto* bytes = static_cast<const uint8_t*>(packet->data.frame.buf);
    frame.bytes.assign(bytes, bytes + packet->data.frame.sz);
    loop.frames.push_back(std::move(frame));
  }
}

bool Encode(unsigned kbps, Loop& loop) {
  const vpx_codec_enc_cfg_t config = Configure(loop.width, loop.height, kbps);
  vpx_codec_ctx_t codec;
  if (vpx_codec_enc_init(&codec, vpx_codec_vp8_cx(), &config, 0) !=
      VPX_CODEC_OK) {
    return false;
  }
  vpx_codec_control(&codec, VP8E_SET_CPUUSED, -10);
  vpx_codec_control(&codec, VP8E_SET_STATIC_THRESHOLD, 1);
  vpx_codec_control(&codec, VP8E_SET_NOISE_SENSITIVITY, 0);
  // Else a key frame is as large as it likes.
  vpx_codec_control(&codec, VP8E_SET_MAX_INTRA_BITRATE_PCT, 600);
  for (unsigned i = 0; i < kFrames; ++i) {
    Picture picture = Paint(loop.width, loop.height, i);
    vpx_image_t image;
    vpx_img_wrap(&image, VPX_IMG_FMT_I420, loop.width, loop.height, 1,
                 picture.y.data());
    image.planes[1] = picture.u.data();
    image.planes[2] = picture.v.data();
    const Step& step = kSteps[i % 4];
    vpx_codec_control(&codec, VP8E_SET_TEMPORAL_LAYER_ID, step.temporal_id);
    if (vpx_codec_encode(&codec, &image, i, 1,
                         i == 0 ? VPX_EFLAG_FORCE_KF : step.encoder,
                         VPX_DL_REALTIME) != VPX_CODEC_OK) {
      break;
    }
    TakeFrames(&codec, step, loop);
  }
  vpx_codec_destroy(&codec);
  return loop.frames.size() == kFrames;
}

}  // namespace

std::vector<Loop> EncodeVp8() {
  struct Size {
    uint16_t width, height;
    unsigned kbps;
  };
  std::vector<Loop> loops;
  for (const Size& size :
       {Size{320, 180, 100}, Size{640, 360, 300}, Size{1280, 720, 900}}) {
    Loop loop;
    loop.codec = rtp::Codec::kVp8;
    loop.variant = static_cast<uint8_t>(loops.size());
    loop.temporal_layers = 3;
    loop.width = size.width;
    loop.height = size.height;
    if (!Encode(size.kbps, loop)) return {};
    loops.push_back(std::move(loop));
  }
  return loops;
}

}  // namespace bot::samples
