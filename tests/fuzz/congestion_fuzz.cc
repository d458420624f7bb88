// SPDX-License-Identifier: GPL-3.0-or-later
//
// Feedback of a stranger about what was sent: a script of a byte that says what
// happens next and its arguments. Whatever it says, the rates stay within
// their limits, memory is bounded and deadlines lead on.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rtp/base/bytes.h"
#include "rtp/base/check.h"
#include "rtp/congestion/congestion_controller.h"
#include "rtp/rtcp_compound.h"
#include "rtp/rtcp_feedback.h"
#include "rtp/rtcp_twcc.h"

namespace rtp {
namespace {

using std::chrono::milliseconds;

class Script {
 public:
  explicit Script(std::span<const uint8_t> bytes) : reader_(bytes) {}

  void Run() {
    while (reader_.ok() && reader_.remaining() > 0) {
      Step(reader_.U8());
      Check();
    }
  }

 private:
  void Step(uint8_t what) {
    switch (what % 8) {
      case 0:
        return Pass(milliseconds(reader_.U8()));
      case 1:
        return Send(reader_.U8());
      case 2:  // a feedback message's FCI, as it came
        return Twcc(Bytes(reader_.U8()));
      case 3:
        return control_.OnRemb(
            now_, DataRate::BitsPerSecond(int64_t{reader_.U32()} * 1000));
      case 4: {
        const double loss = reader_.U8() / 200.0;  // beyond 1, too
        return control_.OnReceiverReport(now_, loss,
                                         milliseconds(reader_.U16()));
      }
      case 5:
        return Reports(reader_.U8());
      case 6:
        seq_ = static_cast<uint16_t>(seq_ + reader_.U16());
        return;
      case 7:
        return Twcc(Matching(reader_.U8(), reader_.U8()));
    }
  }

  std::vector<uint8_t> Bytes(size_t count) {
    const auto bytes =
        reader_.remaining() < count ? reader_.Rest() : reader_.Bytes(count);
    return {bytes.begin(), bytes.end()};
  }

  // Deadlines are kept, as a shell does.
  void Pass(TimeDelta time) {
    const Timestamp until = now_ + time;
    for (int calls = 0; control_.NextDeadline() <= until; ++calls) {
      SFU_CHECK(calls < 1000);
      now_ = std::max(now_, control_.NextDeadline());
      control_.HandleTimeout(now_);
      SFU_CHECK(control_.NextDeadline() > now_);
    }
    now_ = until;
  }

  void Send(uint8_t count) {
    for (int i = 0; i < count; ++i) {
      const auto probe = control_.probe();
      SFU_CHECK(!probe || (probe->bytes_left > 0 && probe->rate.bps() > 0));
      now_ += TimeDelta(500);
      const size_t size = 40 + size_t{8} * (seq_ % 160);
      control_.OnPacketSent(now_, seq_, 1, size, probe ? probe->cluster : 0);
      ++seq_;
    }
  }

  void Twcc(const std::vector<uint8_t>& fci) {
    Feedback feedback;
    feedback.type = kRtcpTransportFeedback;
    feedback.format = kFeedbackTwcc;
    feedback.fci = fci;
    if (const auto twcc = TwccFeedback::Parse(feedback)) {
      control_.OnTwcc(now_, *twcc);
    }
  }

  // Of the last `count` packets, each at a distance in time of `step`.
  std::vector<uint8_t> Matching(uint8_t count, uint8_t step) {
    const auto base = static_cast<uint16_t>(seq_ - count);
    arrival_ += 1;
    std::vector<uint8_t> fci = {static_cast<uint8_t>(base >> 8),
                                static_cast<uint8_t>(base),
                                0,
                                count,
                                static_cast<uint8_t>(arrival_ >> 16),
                                static_cast<uint8_t>(arrival_ >> 8),
                                static_cast<uint8_t>(arrival_),
                                0,
                                0x20,  // a run of small deltas
                                count};
    fci.resize(fci.size() + count, step);
    return fci;
  }

  void Reports(uint8_t count) {
    std::vector<PacketReport> reports;
    const uint64_t first = control_.Unwrap(static_cast<uint16_t>(seq_ - count));
    for (uint64_t i = 0; i < count; ++i) {
      const int64_t at = reader_.U16();
      reports.push_back({first + i, at % 4 != 0,
                         Timestamp(milliseconds(at * (at % 7 == 0 ? -9 : 1)))});
    }
    control_.OnReports(now_, reports);
  }

  void Check() {
    const auto why = control_.Explain(now_);
    SFU_CHECK(why.target >= kMin && why.target <= kMax);
    SFU_CHECK(why.delay_rate >= kMin && why.delay_rate <= kMax);
    SFU_CHECK(control_.pacing_rate().bps() > 0);
    SFU_CHECK(why.loss >= 0 && why.loss <= 1);
    SFU_CHECK(why.inherent_loss >= 0 && why.inherent_loss <= 1);
    SFU_CHECK(control_.bytes_in_flight() <=
              SentPackets::kMaxPackets * uint64_t{1320});
  }

  static constexpr DataRate kMin = DataRate::Kbps(30);
  static constexpr DataRate kMax = DataRate::Kbps(10'000);

  ByteReader reader_;
  CongestionController control_{{kMin, kMax, DataRate::Kbps(300)}};
  Timestamp now_{std::chrono::seconds(1)};
  uint16_t seq_ = 0xFFC0;
  uint32_t arrival_ = 0xFFFFF0;  // its reference time wraps soon
};

}  // namespace
}  // namespace rtp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  rtp::Script({data, size}).Run();
  return 0;
}
