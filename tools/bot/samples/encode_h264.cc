// SPDX-License-Identifier: GPL-3.0-or-later
// x264.h wants the types of stdint.h to be there before it.
#include <cstdint>

extern "C" {
#include <x264.h>
}

#include "tools/bot/media_samples.h"
#include "tools/bot/samples/loop.h"
#include "tools/bot/samples/pattern.h"

namespace bot::samples {
namespace {

constexpr int kFrames = 60;  // four seconds

bool Configure(const Loop& loop, int kbps, x264_param_t* param) {
  if (x264_param_default_preset(param, "superfast", "zerolatency") != 0) {
    return false;
  }
  param->i_log_level = X264_LOG_NONE;
  param->i_threads = 1;
  param->b_sliced_threads = 0;
  param->b_deterministic = 1;
  param->i_width = loop.width;
  param->i_height = loop.height;
  param->i_csp = X264_CSP_I420;
  param->i_fps_num = MediaSamples::kFps;
  param->i_fps_den = 1;
  param->i_keyint_max = X264_KEYINT_MAX_INFINITE;  // the first only
  param->i_scenecut_threshold = 0;
  param->b_repeat_headers = 1;
  param->b_annexb = 0;  // each NAL unit after its length
  param->rc.i_rc_method = X264_RC_ABR;
  param->rc.i_bitrate = kbps;
  param->rc.i_vbv_max_bitrate = kbps;
  param->rc.i_vbv_buffer_size = kbps;
  return x264_param_apply_profile(param, "baseline") == 0;
}

bool EncodeOne(x264_t* encoder, const Loop& loop, int number, Frame& frame) {
  Picture picture =
      Paint(loop.width, loop.height, static_cast<unsigned>(number));
  x264_picture_t in;
  x264_picture_init(&in);
  in.i_type = number == 0 ? X264_TYPE_IDR : X264_TYPE_P;
  in.i_pts = number;
  in.img.i_csp = X264_CSP_I420;
  in.img.i_plane = 3;
  in.img.plane[0] = picture.y.data();
  in.img.plane[1] = picture.u.data();
  in.img.plane[2] = picture.v.data();
  in.img.i_stride[0] = loop.width;
  in.img.i_stride[1] = in.img.i_stride[2] = loop.width / 2;
  x264_nal_t* nals = nullptr;
  int count = 0;
  x264_picture_t out;
  if (x264_encoder_encode(encoder, &nals, &count, &in, &out) <= 0) return false;
  for (int i = 0; i < count; ++i) {
    // What the encoder says of itself is of no use to anybody.
    if (nals[i].i_type == NAL_SEI) continue;
    frame.bytes.insert(frame.bytes.end(), nals[i].p_payload,
                       nals[i].p_payload + nals[i].i_payload);
  }
  frame.flags =
      static_cast<uint8_t>(kFlagEndOfPicture | (out.b_keyframe ? kFlagKey : 0));
  return !frame.bytes.empty();
}

bool Encode(int kbps, Loop& loop) {
  x264_param_t param;
  if (!Configure(loop, kbps, &param)) return false;
  x264_t* encoder = x264_encoder_open(&param);
  if (encoder == nullptr) return false;
  for (int i = 0; i < kFrames; ++i) {
    Frame frame;
    if (!EncodeOne(encoder, loop, i, frame)) break;
    loop.frames.push_back(std::move(frame));
  }
  x264_encoder_close(encoder);
  return loop.frames.size() == kFrames;
}

}  // namespace

std::vector<Loop> EncodeH264() {
  struct Size {
    uint16_t width, height;
    int kbps;
  };
  std::vector<Loop> loops;
  for (const Size& size :
       {Size{320, 180, 100}, Size{640, 360, 300}, Size{1280, 720, 900}}) {
    Loop loop;
    loop.codec = rtp::Codec::kH264;
    loop.variant = static_cast<uint8_t>(loops.size());
    loop.width = size.width;
    loop.height = size.height;
    if (!Encode(size.kbps, loop)) return {};
    loops.push_back(std::move(loop));
  }
  return loops;
}

}  // namespace bot::samples
