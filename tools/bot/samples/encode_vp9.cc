// SPDX-License-Identifier: GPL-3.0-or-later
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include "tools/bot/media_samples.h"
#include "tools/bot/samples/loop.h"
#include "tools/bot/samples/pattern.h"

namespace bot::samples {
namespace {

constexpr unsigned kWidth = 1280;
constexpr unsigned kHeight = 720;
constexpr unsigned kPictures = 48;  // over three seconds
constexpr unsigned kSpatial = 3;
constexpr unsigned kTemporal = 3;
constexpr unsigned kKbps[kSpatial] = {100, 250, 600};

vpx_codec_enc_cfg_t Configure() {
  vpx_codec_enc_cfg_t config;
  vpx_codec_enc_config_default(vpx_codec_vp9_cx(), &config, 0);
  config.g_w = kWidth;
  config.g_h = kHeight;
  config.g_threads = 1;
  config.g_timebase = {1, MediaSamples::kFps};
  config.g_lag_in_frames = 0;
  // Else a frame needs the probabilities of the one before, whatever it
  // refers to, and no temporal layer can be left out.
  config.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
  config.rc_end_usage = VPX_CBR;
  config.rc_min_quantizer = 2;
  config.rc_max_quantizer = 56;
  config.rc_dropframe_thresh = 0;
  config.rc_resize_allowed = 0;
  config.kf_mode = VPX_KF_DISABLED;  // the first only
  config.ss_number_layers = kSpatial;
  config.ts_number_layers = kTemporal;
  config.ts_rate_decimator[0] = 4;
  config.ts_rate_decimator[1] = 2;
  config.ts_rate_decimator[2] = 1;
  config.temporal_layering_mode = VP9E_TEMPORAL_LAYERING_MODE_0212;
  config.rc_target_bitrate = 0;
  for (unsigned s = 0; s < kSpatial; ++s) {
    config.rc_target_bitrate += kKbps[s];
    config.ss_target_bitrate[s] = kKbps[s];
    config.layer_target_bitrate[s * kTemporal] = kKbps[s] * 4 / 10;
    config.layer_target_bitrate[s * kTemporal + 1] = kKbps[s] * 6 / 10;
    config.layer_target_bitrate[s * kTemporal + 2] = kKbps[s];
  }
  return config;
}

void SetLayers(vpx_codec_ctx_t* codec) {
  vpx_svc_extra_cfg_t layers{};
  for (unsigned s = 0; s < kSpatial; ++s) {
    layers.scaling_factor_num[s] = 1;
    layers.scaling_factor_den[s] = 1 << (kSpatial - 1 - s);
    for (unsigned t = 0; t < kTemporal; ++t) {
      layers.min_quantizers[s * kTemporal + t] = 2;
      layers.max_quantizers[s * kTemporal + t] = 56;
    }
  }
  vpx_codec_control(codec, VP8E_SET_CPUUSED, 8);
  vpx_codec_control(codec, VP9E_SET_SVC, 1);
  vpx_codec_control(codec, VP9E_SET_SVC_PARAMETERS, &layers);
  vpx_codec_control(codec, VP9E_SET_AQ_MODE, 3);
  vpx_codec_control(codec, VP8E_SET_STATIC_THRESHOLD, 1);
  vpx_codec_control(codec, VP8E_SET_MAX_INTRA_BITRATE_PCT, 600);
}

struct Taker {
  vpx_codec_ctx_t* codec;
  Loop* loop;
};

// Called with each spatial layer as it is done.
void TakeLayer(vpx_codec_cx_pkt_t* packet, void* user) {
  const Taker& taker = *static_cast<Taker*>(user);
  vpx_svc_layer_id_t id{};
  vpx_codec_control(taker.codec, VP9E_GET_SVC_LAYER_ID, &id);
  Frame frame;
  frame.spatial_id = static_cast<uint8_t>(id.spatial_layer_id);
  frame.temporal_id = static_cast<uint8_t>(id.temporal_layer_id);
  if (taker.loop->frames.size() < kSpatial) frame.flags |= kFlagKey;
  if (frame.spatial_id == kSpatial - 1) frame.flags |= kFlagEndOfPicture;
  if (frame.temporal_id == kTemporal - 1) {
    // The second of each four begins the highest layer anew.
    const size_t picture = taker.loop->frames.size() / kSpatial;
    if (picture % 4 == 1) frame.flags |= kFlagLayerSync;
  } else if (frame.temporal_id > 0) {
    frame.flags |= kFlagLayerSync;
  }
  const auto* bytes = static_cast<const uint8_t*>(packet->data.frame.buf);
  frame.bytes.assign(bytes, bytes + packet->data.frame.sz);
  taker.loop->frames.push_back(std::move(frame));
}

}  // namespace

std::vector<Loop> EncodeVp9() {
  Loop loop;
  loop.codec = rtp::Codec::kVp9;
  loop.spatial_layers = kSpatial;
  loop.temporal_layers = kTemporal;
  loop.width = kWidth;
  loop.height = kHeight;
  const vpx_codec_enc_cfg_t config = Configure();
  vpx_codec_ctx_t codec;
  if (vpx_codec_enc_init(&codec, vpx_codec_vp9_cx(), &config, 0) !=
      VPX_CODEC_OK) {
    return {};
  }
  SetLayers(&codec);
  Taker taker{&codec, &loop};
  vpx_codec_priv_output_cx_pkt_cb_pair_t callback{TakeLayer, &taker};
  vpx_codec_control(&codec, VP9E_REGISTER_CX_CALLBACK,
                    static_cast<void*>(&callback));
  for (unsigned i = 0; i < kPictures; ++i) {
    Picture picture = Paint(kWidth, kHeight, i);
    vpx_image_t image;
    vpx_img_wrap(&image, VPX_IMG_FMT_I420, kWidth, kHeight, 1,
                 picture.y.data());
    image.planes[1] = picture.u.data();
    image.planes[2] = picture.v.data();
    if (vpx_codec_encode(&codec, &image, i, 1, i == 0 ? VPX_EFLAG_FORCE_KF : 0,
                         VPX_DL_REALTIME) != VPX_CODEC_OK) {
      break;
    }
  }
  vpx_codec_destroy(&codec);
  if (loop.frames.size() != size_t{kPictures} * kSpatial) return {};
  return {std::move(loop)};
}

}  // namespace bot::samples
