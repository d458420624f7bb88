// SPDX-License-Identifier: GPL-3.0-or-later
#include "rtp/rtcp_twcc.h"

#include <algorithm>
#include <array>

#include "rtp/base/bytes.h"

namespace rtp {
namespace {

//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |      base sequence number     |      packet status count      |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                 reference time                | fb pkt. count |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |          packet chunks of 16 bits, then receive deltas        |
constexpr size_t kFixedSize = 8;

constexpr uint8_t kNotReceived = 0;
constexpr uint8_t kSmallDelta = 1;
constexpr uint8_t kLargeDelta = 2;
constexpr uint8_t kReserved = 3;

constexpr uint16_t kMaxRun = 0x1FFF;
constexpr size_t kOneBitStatuses = 14;
constexpr size_t kTwoBitStatuses = 7;

// A chunk as the reader holds it.
struct Chunk {
  uint16_t count = 0;
  bool is_run = false;
  uint8_t run_symbol = 0;
  uint8_t bits = 0;
  uint16_t symbols = 0;  // left-aligned
};

Chunk DecodeChunk(uint16_t word) {
  Chunk chunk;
  if ((word & 0x8000) == 0) {  // run length
    chunk.is_run = true;
    chunk.run_symbol = word >> 13 & 3;
    chunk.count = word & kMaxRun;
  } else {  // status vector
    chunk.bits = word & 0x4000 ? 2 : 1;
    chunk.count = word & 0x4000 ? kTwoBitStatuses : kOneBitStatuses;
    chunk.symbols = static_cast<uint16_t>(word << 2);
  }
  return chunk;
}

uint8_t SymbolAt(const Chunk& chunk, size_t i) {
  if (chunk.is_run) return chunk.run_symbol;
  return static_cast<uint8_t>(chunk.symbols >>
                                  (16 - chunk.bits * (i + 1)) &
                              ((1u << chunk.bits) - 1));
}

size_t DeltaSize(uint8_t symbol) { return symbol; }  // 0, 1 or 2 bytes

}  // namespace

std::optional<TwccFeedback> TwccFeedback::Parse(const Feedback& feedback) {
  if (!feedback.IsTwcc() || feedback.fci.size() < kFixedSize) {
    return std::nullopt;
  }
  TwccFeedback twcc;
  twcc.sender_ = feedback.sender;
  twcc.media_ = feedback.media;
  twcc.base_seq_ = LoadU16(feedback.fci, 0);
  twcc.status_count_ = LoadU16(feedback.fci, 2);
  twcc.reference_time_ = LoadU24(feedback.fci, 4);
  twcc.feedback_count_ = feedback.fci[7];
  if (twcc.status_count_ == 0 || twcc.status_count_ > kMaxTwccStatuses) {
    return std::nullopt;
  }
  // One walk over the chunks: they must cover every status, and the deltas of
  // what arrived must be there.
  const std::span<const uint8_t> rest = feedback.fci.subspan(kFixedSize);
  size_t at = 0;
  size_t left = twcc.status_count_;
  size_t delta_bytes = 0;
  while (left > 0) {
    if (at + 2 > rest.size()) return std::nullopt;
    const Chunk chunk = DecodeChunk(LoadU16(rest, at));
    at += 2;
    const size_t count = std::min<size_t>(chunk.count, left);
    if (chunk.count == 0) return std::nullopt;
    if (chunk.is_run) {
      if (chunk.run_symbol == kReserved) return std::nullopt;
      delta_bytes += count * DeltaSize(chunk.run_symbol);
    } else {
      for (size_t i = 0; i < count; ++i) {
        const uint8_t symbol = SymbolAt(chunk, i);
        if (symbol == kReserved) return std::nullopt;
        delta_bytes += DeltaSize(symbol);
      }
    }
    left -= count;
  }
  if (rest.size() - at < delta_bytes) return std::nullopt;
  twcc.chunks_ = rest.first(at);
  twcc.deltas_ = rest.subspan(at, delta_bytes);
  return twcc;
}

bool TwccFeedback::NextChunk() {
  if (chunks_.empty() || index_ >= status_count_) return false;
  const Chunk chunk = DecodeChunk(LoadU16(chunks_, 0));
  chunks_ = chunks_.subspan(2);
  is_run_ = chunk.is_run;
  run_symbol_ = chunk.run_symbol;
  bits_ = chunk.bits;
  symbols_ = chunk.symbols;
  left_ = static_cast<uint16_t>(
      std::min<uint32_t>(chunk.count, status_count_ - index_));
  return true;
}

std::optional<TwccArrival> TwccFeedback::Next() {
  for (;;) {
    if (left_ == 0 && !NextChunk()) return std::nullopt;
    if (is_run_ && run_symbol_ == kNotReceived) {
      index_ += left_;
      left_ = 0;
      continue;
    }
    uint8_t symbol = run_symbol_;
    if (!is_run_) {
      symbol = static_cast<uint8_t>(symbols_ >> (16 - bits_));
      symbols_ = static_cast<uint16_t>(symbols_ << bits_);
    }
    --left_;
    const uint32_t index = index_++;
    if (symbol == kNotReceived) continue;
    TwccArrival arrival;
    arrival.index = static_cast<uint16_t>(index);
    arrival.seq = static_cast<uint16_t>(base_seq_ + index);
    if (symbol == kSmallDelta) {
      arrival.delta = deltas_[0] * kTwccDeltaUnit;
      deltas_ = deltas_.subspan(1);
    } else {
      arrival.delta =
          static_cast<int16_t>(LoadU16(deltas_, 0)) * kTwccDeltaUnit;
      deltas_ = deltas_.subspan(2);
    }
    offset_ += arrival.delta;
    arrival.offset = offset_;
    return arrival;
  }
}

namespace {

// Packs status symbols into chunks, as few as the rules of the draft give: a
// run where it is longer than a vector would be, else a vector of one or two
// bits. Symbols wait in a window of at most one vector.
class ChunkEncoder {
 public:
  // Bytes of chunks, were the encoding to end now.
  size_t Size() const { return words_ * 2 + (count_ > 0 ? 2 : 0); }

  // Calls emit(uint16_t) for each chunk that became complete.
  template <typename Emit>
  void Add(uint8_t symbol, Emit&& emit) {
    while (!Fits(symbol)) EmitOne(emit, false);
    if (count_ < kOneBitStatuses) window_[count_] = symbol;
    same_ = count_ == 0 || (same_ && symbol == window_[0]);
    has_large_ = has_large_ || symbol == kLargeDelta;
    ++count_;
  }
  template <typename Emit>
  void Finish(Emit&& emit) {
    while (count_ > 0) EmitOne(emit, true);
  }

 private:
  bool Fits(uint8_t symbol) const {
    if (count_ == 0) return true;
    if (same_ && symbol == window_[0]) return count_ < kMaxRun;
    const bool large = has_large_ || symbol == kLargeDelta;
    return count_ < (large ? kTwoBitStatuses : kOneBitStatuses);
  }

  template <typename Emit>
  void EmitOne(Emit&& emit, bool last) {
    ++words_;
    if (same_) {
      emit(static_cast<uint16_t>(window_[0] << 13 | count_));
      Reset();
      return;
    }
    // Without a large delta a full window is a one-bit vector; a shorter one
    // likewise, padded with "not received", but only at the end.
    const bool two_bits = has_large_ || (!last && count_ < kOneBitStatuses);
    const size_t capacity = two_bits ? kTwoBitStatuses : kOneBitStatuses;
    const size_t bits = two_bits ? 2 : 1;
    const size_t taken = std::min<size_t>(count_, capacity);
    uint16_t word = two_bits ? 0xC000 : 0x8000;
    for (size_t i = 0; i < taken; ++i) {
      word = static_cast<uint16_t>(word | window_[i]
                                              << (14 - bits * (i + 1)));
    }
    emit(word);
    // What did not fit stays, as if just added.
    std::array<uint8_t, kOneBitStatuses> rest{};
    const size_t left = count_ - taken;
    std::copy_n(window_.begin() + static_cast<ptrdiff_t>(taken), left,
                rest.begin());
    Reset();
    for (size_t i = 0; i < left; ++i) {
      window_[count_++] = rest[i];
      same_ = same_ && rest[i] == window_[0];
      has_large_ = has_large_ || rest[i] == kLargeDelta;
    }
  }

  void Reset() {
    count_ = 0;
    same_ = true;
    has_large_ = false;
  }

  std::array<uint8_t, kOneBitStatuses> window_{};
  size_t count_ = 0;  // beyond the window only while all are the same
  bool same_ = true;
  bool has_large_ = false;
  size_t words_ = 0;
};

int64_t DeltaUnits(TimeDelta delta) {
  const int64_t half = kTwccDeltaUnit.count() / 2;
  const int64_t us = delta.count();
  return (us >= 0 ? us + half : us - half) / kTwccDeltaUnit.count();
}

uint8_t SymbolOf(int64_t units) {
  return units >= 0 && units <= 255 ? kSmallDelta : kLargeDelta;
}

// How many arrivals, from the front, fit in `space` bytes of chunks and
// deltas, and how many statuses those make.
struct Extent {
  size_t arrivals = 0;
  size_t statuses = 0;
};

// Calls on_status(symbol, units) for each status from base_seq on; stops when
// it returns false. Returns what was accepted whole.
template <typename OnStatus>
Extent Walk(uint64_t base_seq, Timestamp reference,
            std::span<const PacketArrival> arrivals, OnStatus&& on_status) {
  Extent extent;
  uint64_t next = base_seq;
  Timestamp last = reference;
  for (const PacketArrival& arrival : arrivals) {
    if (arrival.seq < next ||
        arrival.seq - base_seq >= kMaxTwccStatuses) {
      return extent;
    }
    const int64_t units = DeltaUnits(arrival.arrival - last);
    if (units > INT16_MAX || units < INT16_MIN) return extent;
    for (; next < arrival.seq; ++next) {
      if (!on_status(kNotReceived, int64_t{0})) return extent;
    }
    if (!on_status(SymbolOf(units), units)) return extent;
    ++next;
    // What the reader will add up, not what it was.
    last += units * kTwccDeltaUnit;
    ++extent.arrivals;
    extent.statuses = static_cast<size_t>(next - base_seq);
  }
  return extent;
}

}  // namespace

size_t WriteTwcc(Ssrc sender, Ssrc media, uint8_t feedback_count,
                 uint64_t base_seq, std::span<const PacketArrival> arrivals,
                 RtcpWriter& out) {
  constexpr size_t kOverhead = kRtcpHeaderSize + 8 + kFixedSize;
  if (arrivals.empty() || out.remaining() < kOverhead + 4) return 0;
  // Padding to a whole word comes out of the same space.
  const size_t space = (out.remaining() - kOverhead) / 4 * 4;
  const int64_t ticks =
      arrivals.front().arrival.time_since_epoch() / kTwccReferenceUnit;
  const Timestamp reference(ticks * kTwccReferenceUnit);

  ChunkEncoder measure;
  size_t deltas = 0;
  const auto ignore = [](uint16_t) {};
  const Extent extent = Walk(
      base_seq, reference, arrivals, [&](uint8_t symbol, int64_t /*units*/) {
        measure.Add(symbol, ignore);
        deltas += DeltaSize(symbol);
        // A window that is split at the end may take a word more.
        return measure.Size() + 2 + deltas <= space;
      });
  if (extent.arrivals == 0) return 0;

  const auto accepted = arrivals.first(extent.arrivals);
  const bool written = out.Append(
      kRtcpTransportFeedback, kFeedbackTwcc, [&](ByteWriter& body) {
        body.U32(sender);
        body.U32(media);
        body.U16(static_cast<uint16_t>(base_seq));
        body.U16(static_cast<uint16_t>(extent.statuses));
        body.U24(static_cast<uint32_t>(ticks & 0xFFFFFF));
        body.U8(feedback_count);
        ChunkEncoder encoder;
        const auto emit = [&](uint16_t word) { body.U16(word); };
        Walk(base_seq, reference, accepted, [&](uint8_t symbol, int64_t) {
          encoder.Add(symbol, emit);
          return true;
        });
        encoder.Finish(emit);
        Walk(base_seq, reference, accepted, [&](uint8_t symbol, int64_t units) {
          if (symbol == kSmallDelta) body.U8(static_cast<uint8_t>(units));
          if (symbol == kLargeDelta) body.U16(static_cast<uint16_t>(units));
          return true;
        });
      });
  return written ? extent.arrivals : 0;
}

}  // namespace rtp
