// SPDX-License-Identifier: GPL-3.0-or-later
#include "tools/bot/media_sender.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bot {
namespace {

constexpr int64_t kSoundsPerSecond = 1000 / MediaSamples::kOpusFrameMs;
constexpr uint16_t kMaxPictureId = 0x7FFF;
// What a synthetic picture says of itself.
constexpr uint16_t kWidth = 320;
constexpr uint16_t kHeight = 180;

uint32_t ClockRate(rtp::Codec codec) {
  return codec == rtp::Codec::kOpus ? 48000 : 90000;
}

// The variant of the samples that a layer sends.
uint8_t VariantOf(const MediaSender::Config& config,
                  const MediaSender::Layer& layer) {
  if (config.codec == rtp::Codec::kOpus) return config.sound;
  return layer.variant;
}

// RFC 6386 s9.1: a frame header, and what nobody decodes.
std::vector<uint8_t> MakeVp8Frame(bool key, size_t size) {
  std::vector<uint8_t> frame(std::max<size_t>(size, 16), 0x55);
  const uint32_t rest = static_cast<uint32_t>(
      std::min<size_t>(frame.size() - (key ? 10 : 3), 0x7FFFF));
  const uint32_t tag = (key ? 0u : 1u) | 1u << 4 | rest << 5;
  frame[0] = static_cast<uint8_t>(tag);
  frame[1] = static_cast<uint8_t>(tag >> 8);
  frame[2] = static_cast<uint8_t>(tag >> 16);
  if (key) {
    constexpr std::array<uint8_t, 7> kStart = {
        0x9D, 0x01, 0x2A, kWidth & 0xFF, kWidth >> 8, kHeight, 0};
    std::copy(kStart.begin(), kStart.end(), frame.begin() + 3);
  }
  return frame;
}

}  // namespace

bool MediaSender::IsPossible(const Config& config, const MediaSamples& samples,
                             std::string* error) {
  for (const Layer& layer : config.layers) {
    const std::string name(rtp::CodecName(config.codec));
    if (layer.synthetic_bps > 0) {
      if (config.codec == rtp::Codec::kVp8 ||
          config.codec == rtp::Codec::kOpus) {
        continue;
      }
      *error = "there are no synthetic payloads of " + name;
      return false;
    }
    const uint8_t variant = VariantOf(config, layer);
    if (samples.Find(config.codec, variant) == nullptr) {
      *error = "there is no sample " + std::to_string(variant) + " of " + name;
      return false;
    }
  }
  if (config.layers.empty()) *error = "there is no layer to send";
  return !config.layers.empty();
}

MediaSender::MediaSender(Config config,
                         std::shared_ptr<const MediaSamples> samples, Send send)
    : config_(std::move(config)),
      samples_(std::move(samples)),
      send_([this, send = std::move(send)](const SentPacket& packet) {
        ++counts_.packets;
        counts_.bytes += packet.bytes.size();
        send(packet);
      }),
      active_layers_(config_.layers.size()),
      audio_level_(config_.audio_level) {
  for (const Layer& layer : config_.layers) {
    SenderLayer::Config each;
    each.codec = config_.codec;
    each.payload_type = config_.payload_type;
    each.rtx_payload_type = config_.rtx_payload_type;
    each.ssrc = layer.ssrc;
    each.rtx_ssrc = layer.rtx_ssrc;
    each.mid = config_.mid;
    each.rid = layer.rid;
    each.extensions = config_.extensions;
    each.ntp = config_.ntp;
    each.first_seq = config_.first_seq;
    each.stamped = layer.synthetic_bps > 0;
    auto stream = std::make_unique<Stream>();
    stream->layer = std::make_unique<SenderLayer>(std::move(each), send_);
    if (layer.synthetic_bps == 0) {
      stream->loop = samples_->Find(config_.codec, VariantOf(config_, layer));
    }
    stream->nominal_bps = stream->bps = stream->loop != nullptr
                                            ? stream->loop->bits_per_second
                                            : layer.synthetic_bps;
    streams_.push_back(std::move(stream));
  }
}

MediaSender::Stream* MediaSender::Find(rtp::Ssrc ssrc) const {
  for (const auto& stream : streams_) {
    if (stream->layer->config().ssrc == ssrc) return stream.get();
  }
  return nullptr;
}

// ---- when ----

int64_t MediaSender::Fps() const {
  if (kind() == rtp::MediaKind::kAudio) return kSoundsPerSecond;
  return streams_.front()->loop != nullptr ? MediaSamples::kFps
                                           : config_.synthetic_fps;
}

rtp::Timestamp MediaSender::TimeOf(int64_t frame) const {
  return start_ + rtp::TimeDelta(frame * 1'000'000 / Fps());
}

void MediaSender::Start(rtp::Timestamp now) {
  start_ = now;
  next_frame_ = 0;
}

rtp::Timestamp MediaSender::NextDeadline() const {
  return start_ == rtp::kNever || paused_ ? rtp::kNever : TimeOf(next_frame_);
}

void MediaSender::SetPaused(rtp::Timestamp now, bool paused) {
  if (std::exchange(paused_, paused) == paused) return;
  if (paused || start_ == rtp::kNever) return;
  for (const auto& stream : streams_) stream->key_wanted = true;
  while (TimeOf(next_frame_) < now) ++next_frame_;
}

void MediaSender::HandleTimeout(rtp::Timestamp now, uint16_t& transport_seq) {
  if (now < NextDeadline() || NextDeadline() == rtp::kNever) return;
  int64_t after =
      next_frame_ + (now - TimeOf(next_frame_)).count() * Fps() / 1'000'000;
  while (TimeOf(after) <= now) ++after;  // the first that is not due
  next_frame_ = std::max(next_frame_, after - kMaxLate);
  for (; next_frame_ < after; ++next_frame_) {
    SendPicture(now, next_frame_, transport_seq);
  }
}

// ---- what ----

void MediaSender::SendPicture(rtp::Timestamp now, int64_t number,
                              uint16_t& transport_seq) {
  for (size_t i = 0; i < active_layers_; ++i) {
    Stream& stream = *streams_[i];
    SenderLayer::Frame frame;
    frame.now = now;
    frame.timestamp =
        config_.layers[i].timestamp_offset +
        static_cast<uint32_t>(number * ClockRate(config_.codec) / Fps());
    if (kind() == rtp::MediaKind::kAudio) {
      SendSound(stream, frame, transport_seq);
    } else if (stream.loop == nullptr) {
      SendSynthetic(stream, frame, transport_seq);
    } else {
      SendSample(stream, frame, transport_seq);
    }
  }
}

bool MediaSender::BeginsWithKey(Stream& stream, rtp::Timestamp now) {
  if (!stream.key_wanted) return false;
  if (stream.last_key != rtp::Timestamp::min() &&
      now - stream.last_key < kMinKeyInterval) {
    return false;
  }
  stream.key_wanted = false;
  return true;
}

void MediaSender::SendSample(Stream& stream, SenderLayer::Frame frame,
                             uint16_t& transport_seq) {
  const SampleLoop& loop = *stream.loop;
  if (BeginsWithKey(stream, frame.now)) stream.position = 0;
  if (stream.position == 0) {
    stream.last_key = frame.now;
    ++counts_.key_frames;
  }
  stream.picture_id = (stream.picture_id + 1) & kMaxPictureId;
  if (loop.frames[stream.position].temporal_id == 0) {
    ++stream.tl0_picture_index;
  }
  for (bool more = true; more;) {
    const SampleFrame& sample = loop.frames[stream.position];
    stream.position = (stream.position + 1) % loop.frames.size();
    more = !sample.end_of_picture;
    frame.header.key = sample.key;
    frame.header.layer_sync = sample.layer_sync;
    frame.header.non_reference = sample.non_reference;
    frame.header.spatial_id = sample.spatial_id;
    frame.header.temporal_id = sample.temporal_id;
    frame.header.spatial_layers = loop.spatial_layers;
    frame.header.temporal_layers = loop.temporal_layers;
    frame.header.width = loop.width;
    frame.header.height = loop.height;
    frame.header.picture_id = stream.picture_id;
    frame.header.tl0_picture_index = stream.tl0_picture_index;
    frame.bytes = sample.bytes;
    frame.end_of_picture = sample.end_of_picture;
    stream.layer->SendFrame(frame, transport_seq);
  }
}

void MediaSender::SendSynthetic(Stream& stream, SenderLayer::Frame frame,
                                uint16_t& transport_seq) {
  const int64_t mean = stream.bps / 8 / Fps();
  frame.header.key = BeginsWithKey(stream, frame.now);
  // A key frame is paid back over the next ones.
  int64_t size = mean - std::clamp<int64_t>(stream.debt / 8, -mean, mean / 2);
  if (frame.header.key) {
    size = static_cast<int64_t>(static_cast<double>(mean) *
                                config_.key_frame_factor);
    stream.last_key = frame.now;
    ++counts_.key_frames;
  }
  const auto bytes = MakeVp8Frame(
      frame.header.key, static_cast<size_t>(std::max<int64_t>(size, 0)));
  stream.debt += static_cast<int64_t>(bytes.size()) - mean;
  stream.picture_id = (stream.picture_id + 1) & kMaxPictureId;
  frame.header.picture_id = stream.picture_id;
  frame.bytes = bytes;
  stream.layer->SendFrame(frame, transport_seq);
}

void MediaSender::SendSound(Stream& stream, SenderLayer::Frame frame,
                            uint16_t& transport_seq) {
  if (stream.loop == nullptr) {
    frame.level.level = audio_level_.value_or(127);
    frame.level.voice = frame.level.level < 127;
    std::vector<uint8_t> bytes(static_cast<size_t>(
        std::max<int64_t>(stream.bps / 8 / kSoundsPerSecond, 2)));
    bytes[0] = 0x78;  // 20 ms of CELT, one channel (RFC 6716 s3.1)
    frame.bytes = bytes;
    return stream.layer->SendFrame(frame, transport_seq);
  }
  const SampleLoop* loop = stream.loop;
  if (config_.sound == kSpeech && audio_level_ == 127) {
    loop = samples_->Find(config_.codec, kSilence);
  }
  const SampleFrame& sample =
      loop->frames[stream.position % loop->frames.size()];
  ++stream.position;
  if (sample.bytes.empty()) {
    stream.was_silent = true;
    return;
  }
  frame.level.level = audio_level_.value_or(sample.level);
  frame.level.voice = frame.level.level < 127;
  frame.marker = std::exchange(stream.was_silent, false);
  frame.bytes = sample.bytes;
  stream.layer->SendFrame(frame, transport_seq);
}

// ---- what it is told ----

void MediaSender::SetTargetRate(int64_t bps) {
  int64_t sum = 0;
  size_t active = 0;
  while (active < streams_.size() &&
         (active == 0 || sum + streams_[active]->nominal_bps <= bps)) {
    sum += streams_[active++]->nominal_bps;
  }
  for (size_t i = active_layers_; i < active; ++i) {
    streams_[i]->key_wanted = true;
  }
  active_layers_ = active;
  Stream& smallest = *streams_.front();
  smallest.bps = std::min(smallest.nominal_bps, bps);
}

void MediaSender::HandleNack(rtp::Timestamp now, rtp::Ssrc ssrc, uint16_t seq,
                             uint16_t& transport_seq) {
  Stream* stream = Find(ssrc);
  if (stream == nullptr) return;
  ++counts_.nacked;
  if (stream->layer->Resend(now, seq, transport_seq)) ++counts_.resent;
}

size_t MediaSender::SendProbe(rtp::Timestamp now, size_t bytes,
                              uint16_t& transport_seq) {
  if (paused_ || active_layers_ == 0) return 0;
  const uint64_t before = counts_.bytes;
  streams_[active_layers_ - 1]->layer->ResendLast(now, bytes, transport_seq);
  return static_cast<size_t>(counts_.bytes - before);
}

void MediaSender::HandleKeyFrameRequest(rtp::Ssrc ssrc) {
  Stream* stream = Find(ssrc);
  if (stream == nullptr) return;
  ++counts_.key_frame_requests;
  stream->key_wanted = true;
}

void MediaSender::WriteSenderReport(rtp::Timestamp now,
                                    rtp::RtcpWriter& out) const {
  for (size_t i = 0; i < active_layers_ && !paused_; ++i) {
    streams_[i]->layer->WriteSenderReport(now, ClockRate(config_.codec), out);
  }
}

}  // namespace bot
