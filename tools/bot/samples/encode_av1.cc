// SPDX-License-Identifier: GPL-3.0-or-later
#include <aom/aom_encoder.h>
#include <aom/aomcx.h>

#include "tools/bot/media_samples.h"
#include "tools/bot/samples/loop.h"
#include "tools/bot/samples/pattern.h"

namespace bot::samples {
namespace {

constexpr unsigned kWidth = 640;
constexpr unsigned kHeight = 360;
constexpr unsigned kFrames = 60;  // four seconds
constexpr unsigned kKbps = 300;

// Three temporal layers, 0 2 1 2: slot 0 holds the lowest, slot 1 the middle
// one. What each refers to is what kL1T3 in dependency_writer.cc says.
struct Step {
  uint8_t temporal_id;
  uint8_t flags;
  int from;       // slot that it refers to
  int refreshes;  // slot; below zero: none
};
constexpr Step kSteps[4] = {
    {0, 0, 0, 0},
    {2, kFlagLayerSync | kFlagNonReference, 0, -1},
    {1, kFlagLayerSync, 0, 1},
    {2, kFlagNonReference, 1, -1},
};

bool Configure(aom_codec_ctx_t* codec) {
  aom_codec_enc_cfg_t config;
  if (aom_codec_enc_config_default(aom_codec_av1_cx(), &config,
                                   AOM_USAGE_REALTIME) != AOM_CODEC_OK) {
    return false;
  }
  config.g_w = kWidth;
  config.g_h = kHeight;
  config.g_threads = 1;
  config.g_timebase = {1, MediaSamples::kFps};
  config.g_lag_in_frames = 0;
  config.g_error_resilient = 0;
  config.rc_end_usage = AOM_CBR;
  config.rc_target_bitrate = kKbps;
  config.rc_dropframe_thresh = 0;
  config.rc_min_quantizer = 10;
  config.rc_max_quantizer = 63;
  config.rc_undershoot_pct = config.rc_overshoot_pct = 50;
  config.rc_buf_initial_sz = config.rc_buf_optimal_sz = 600;  // ms
  config.rc_buf_sz = 1000;
  config.kf_mode = AOM_KF_DISABLED;  // the first only
  if (aom_codec_enc_init(codec, aom_codec_av1_cx(), &config, 0) !=
      AOM_CODEC_OK) {
    return false;
  }
  aom_svc_params_t layers{};
  layers.number_spatial_layers = 1;
  layers.number_temporal_layers = 3;
  layers.scaling_factor_num[0] = layers.scaling_factor_den[0] = 1;
  constexpr int kShares[3] = {40, 60, 100};
  for (int t = 0; t < 3; ++t) {
    layers.min_quantizers[t] = 10;
    layers.max_quantizers[t] = 63;
    layers.layer_target_bitrate[t] = static_cast<int>(kKbps) * kShares[t] / 100;
    layers.framerate_factor[t] = 4 >> t;
  }
  aom_codec_control(codec, AOME_SET_CPUUSED, 9);
  aom_codec_control(codec, AV1E_SET_AQ_MODE, 3);
  aom_codec_control(codec, AV1E_SET_ENABLE_OBMC, 0);
  aom_codec_control(codec, AV1E_SET_ENABLE_GLOBAL_MOTION, 0);
  aom_codec_control(codec, AV1E_SET_ENABLE_ORDER_HINT, 0);
  aom_codec_control(codec, AV1E_SET_CDF_UPDATE_MODE, 1);
  aom_codec_control(codec, AOME_SET_MAX_INTRA_BITRATE_PCT, 600);
  return aom_codec_control(codec, AV1E_SET_SVC_PARAMS, &layers) == AOM_CODEC_OK;
}

void SetReferences(aom_codec_ctx_t* codec, const Step& step) {
  aom_svc_layer_id_t id{0, step.temporal_id};
  aom_codec_control(codec, AV1E_SET_SVC_LAYER_ID, &id);
  aom_svc_ref_frame_config_t references{};
  references.reference[0] = 1;  // the only one
  for (int& index : references.ref_idx) index = step.from;
  if (step.refreshes >= 0) references.refresh[step.refreshes] = 1;
  aom_codec_control(codec, AV1E_SET_SVC_REF_FRAME_CONFIG, &references);
}

void TakeFrames(aom_codec_ctx_t* codec, const Step& step, Loop& loop) {
  aom_codec_iter_t iterator = nullptr;
  while (const aom_codec_cx_pkt_t* packet =
             aom_codec_get_cx_data(codec, &iterator)) {
    if (packet->kind != AOM_CODEC_CX_FRAME_PKT) continue;
    const auto* bytes = static_cast<const uint8_t*>(packet->data.frame.buf);
    size_t size = packet->data.frame.sz;
    // A temporal delimiter, which RTP has no use for (AV1 RTP s5).
    if (size >= 2 && bytes[0] == 0x12 && bytes[1] == 0) {
      bytes += 2;
      size -= 2;
    }
    Frame frame;
    const bool key = packet->data.frame.flags & AOM_FRAME_IS_KEY;
    frame.flags = static_cast<uint8_t>(kFlagEndOfPicture | step.flags |
                                       (key ? kFlagKey : 0));
    frame.temporal_id = step.temporal_id;
    frame.bytes.assign(bytes, bytes + size);
    loop.frames.push_back(std::move(frame));
  }
}

}  // namespace

std::vector<Loop> EncodeAv1() {
  Loop loop;
  loop.codec = rtp::Codec::kAv1;
  loop.temporal_layers = 3;
  loop.width = kWidth;
  loop.height = kHeight;
  aom_codec_ctx_t codec;
  if (!Configure(&codec)) return {};
  for (unsigned i = 0; i < kFrames; ++i) {
    Picture picture = Paint(kWidth, kHeight, i);
    aom_image_t image;
    aom_img_wrap(&image, AOM_IMG_FMT_I420, kWidth, kHeight, 1,
                 picture.y.data());
    image.planes[1] = picture.u.data();
    image.planes[2] = picture.v.data();
    const Step& step = kSteps[i % 4];
    SetReferences(&codec, step);
    if (aom_codec_encode(&codec, &image, i, 1,
                         i == 0 ? AOM_EFLAG_FORCE_KF : 0) != AOM_CODEC_OK) {
      break;
    }
    TakeFrames(&codec, step, loop);
  }
  aom_codec_destroy(&codec);
  if (loop.frames.size() != kFrames) return {};
  return {std::move(loop)};
}

}  // namespace bot::samples
